"""Predictions: what a bundle answers for rows, a label or an amount each, and what to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PREDICTION: Final = "prediction"
"""Name of the column that a prediction is, wherever predictions stand in a table."""


def chance(label: str) -> str:
    """Return the name of the column that holds the probability of a class."""
    return f"p({label})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Predictions for rows, in their order."""

    values: NDArray[Any]
    """Labels as they were written, objects of the shape (rows,); or amounts in the target's own units,
    float64 of the shape (rows,), (rows, outputs) where there are several. For a loss of the user's own the
    main outputs as they are."""
    probabilities: NDArray[np.float64] | None = None
    """Of the shape (rows, classes), each row adding up to 1; None where there are no classes, or where a loss
    of the user's own leaves open what an output means."""
    classes: tuple[str, ...] = ()
    """Labels in the order of the probabilities."""
    notes: tuple[str, ...] = ()
    """What to know of the rows, in sentences: values that were taken for gaps, unknown levels, columns too
    many."""

    def __len__(self) -> int:
        return len(self.values)
