"""Scaling of numbers: gaps filled with the median, mean 0 and deviation 1, as the training rows have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from studies.data.inputs import SPARSE

REACH: Final = 1e6
"""Deviations from the mean beyond which a number is cut off: float32 would lose everything beside it."""

Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Scaling of one column of numbers."""

    fill: float
    """What stands for a gap: the median."""
    mean: float
    """0 for a sparse column, so that its zeros stay zeros."""
    scale: float
    sparse: bool = False
    """Whether it was scaled without centring, as few of its numbers are not zero."""

    @classmethod
    def fit(cls, train: Values, *, lone: bool, centre_sparse: bool) -> Self:
        """Return the scaling of a column's training rows.

        Args:
            train: numbers of the training rows, NaN for gaps, one at least no gap.
            lone: whether it is the only column of numbers in its table.
            centre_sparse: whether sparse columns are centred too.
        """
        present = train[~np.isnan(train)]
        fill = float(np.median(present))
        mean, scale = mean_and_scale(np.where(np.isnan(train), fill, train), lone=lone)
        sparse = int((present != 0).sum()) < SPARSE * len(present) and not centre_sparse
        return cls(fill=fill, mean=0.0 if sparse else mean, scale=scale, sparse=sparse)

    def apply(self, values: Values) -> Values:
        """Return the numbers scaled; gaps take the median."""
        return scaled(values, self.fill, self.mean, self.scale)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(**values)


def scaled(values: Values, fill: float | Values, mean: float | Values, scale: float | Values) -> Values:
    """Return numbers scaled, a column's by one number each or several columns' by one number a column."""
    filled = np.where(np.isnan(values), fill, values)
    filled -= mean
    filled /= scale
    return filled.clip(-REACH, REACH)


def mean_and_scale(values: Values, *, lone: bool) -> tuple[float, float]:
    """Return mean and deviation, the latter 1 where the numbers hardly differ.

    The two-pass algorithm of Chan, Golub and LeVeque 1983 in the order in which scikit-learn's StandardScaler
    adds: rows one by one in a table, in pairs for a lone column; the digests of earlier studies rest on it.
    """

    def total(column: Values) -> float:
        return float(column.sum() if lone else np.add.accumulate(column)[-1])

    rows, epsilon = len(values), float(np.finfo(np.float64).eps)
    mean = total(values) / rows
    off = values - mean
    correction = total(off)
    off **= 2
    variance = (total(off) - correction**2 / rows) / rows
    constant = variance <= rows * epsilon * variance + (rows * mean * epsilon) ** 2
    return mean, 1.0 if constant else float(np.sqrt(variance))
