"""State file: tensors on disk, written whole or not at all."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import torch

NOT_SAVED: Final = (OSError, RuntimeError, pickle.PicklingError, TypeError, AttributeError)
"""What writing raises: torch's own writer tells of a full disk as a RuntimeError."""


def save(path: Path, state: dict[str, Any]) -> bool:
    """Write a file that a crash never leaves half written under its name; tell whether it could be written.

    Nothing of it stays where the disk takes no more, or something in it cannot be pickled.
    """
    unfinished = path.with_suffix(f"{path.suffix}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, unfinished)
        unfinished.rename(path)
    except NOT_SAVED:
        with suppress(OSError):
            unfinished.unlink()
        return False
    return True
