"""Rows as they were encoded, in a file beside the script, where no few lines can read the source again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from studies.rows.nested import NestedRows
from studies.script.literals import CannotWrite

if TYPE_CHECKING:
    from studies.data.dataset import Dataset

ROWS_FILE: Final = "rows.npz"
SOURCE: Final = '''"""Rows as the study encoded them: those that train, validate and test."""

import numpy as np
import torch


def load(path, device):
    """Return (inputs, targets) of each part as tensors."""
    with np.load(path) as rows:
        return {
            part: tuple(torch.from_numpy(rows[f"{part}_{kind}"]).to(device) for kind in ("inputs", "targets"))
            for part in ("train", "valid", "test")
        }
'''


def write_rows(dataset: Dataset, folder: Path) -> None:
    """Write the rows and the file that loads them.

    Raises:
        CannotWrite: a row is more than one array.
    """
    arrays = {
        f"{part}_{kind}": _dense(getattr(getattr(dataset, part), kind))
        for part in ("train", "valid", "test")
        for kind in ("inputs", "targets")
    }
    np.savez_compressed(folder / ROWS_FILE, **arrays)
    (folder / "data.py").write_text(SOURCE, encoding="utf-8")


def _dense(rows: Any) -> Any:
    if isinstance(rows, NestedRows):
        raise CannotWrite("rows of several arrays each cannot be written out; only one input a row can")
    return rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
