"""Unfinished files: what a worker, which may be ended meanwhile, is writing beside deployed models."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "part-"


def unfinished(folder: Path, name: str) -> Path:
    """Return where this process writes a file that is then moved to its name: two may write the same one."""
    return folder / f"{PREFIX}{os.getpid()}-{name}"


def delete_unfinished(folder: Path) -> None:
    """Delete what workers left that were ended while they wrote."""
    for file in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            file.unlink()
