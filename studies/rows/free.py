"""Free targets: which targets are no classes and reach an own loss as they came."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from studies.rows.nested import NestedRows

OWN: Final = "own"
"""The task of targets of any form, for a loss of the user's own."""
ROWS_A_CODE: Final = 3
"""Whole numbers from 0 on, with so many rows each, are the codes of classes."""


def note_free(inputs: Any, targets: Any) -> str:
    """Return what is done with rows for an own loss: nothing, but to tables with names."""
    note = (
        "Your loss gets the inputs as targets" if targets is None else "Targets reach your loss as they came"
    )
    if isinstance(inputs, np.ndarray | NestedRows):
        note += "; the inputs are not scaled"
    return f"{note}."


def are_classes(targets: Any) -> bool:
    """Tell whether targets are labels, or the codes of classes from 0 on."""
    if targets is None or isinstance(targets, NestedRows) or targets.ndim != 1:
        return False
    values = np.asarray(targets)
    if values.dtype.kind in "OUSTb":
        return True
    if values.dtype.kind not in "iu" or not len(values):
        return False
    codes = np.unique(values)
    return bool(codes[0] == 0 and codes[-1] == len(codes) - 1 and len(codes) * ROWS_A_CODE <= len(values))
