"""Answers of a model in the forms that metrics ask for: classes, probabilities, plain predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def probabilities(outputs: Array) -> Array:
    """Return the probability of each class in each row, (rows, classes); in 64 bits they sum to 1."""
    from scipy.special import softmax

    return np.asarray(softmax(outputs.astype(np.float64), axis=1))


def of_second_class(chances: Array) -> Array:
    """Return the probabilities of the second of two classes; those of all where there are more."""
    return chances[:, 1] if chances.shape[1] == 2 else chances


def one_column(values: Array) -> Array:
    """Return (rows,) of (rows, 1), and anything else as it is."""
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
