"""Scaled arrays: images or signals with mean and deviation of the training rows taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from studies.data.row_encoders.placed import finite, placed

NOUNS: Final = {"image": "pixels", "signal": "values"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ScaledArrays:
    """Encoder of images, scaled as a whole, and of signals, scaled by channel."""

    kind: ClassVar = "scaled arrays"

    rows: str
    """image | signal"""
    shape: tuple[int, ...]
    """Of one row."""
    mean: NDArray[np.float64]
    """Broadcast to (rows, *shape); 0 where inputs are sparse, so that zeros stay zeros."""
    scale: NDArray[np.float64]
    """The deviation, 1 where there is none."""

    def transform(self, rows: Any) -> NDArray[np.float32]:
        """Return the inputs of rows, (rows, *shape).

        Raises:
            BadWorkload: another shape, or missing numbers.
        """
        return self.scaled(finite(placed(rows, self.shape), self.rows, NOUNS[self.rows]))

    def scaled(self, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return numbers of the right shape scaled."""
        return ((numbers - self.mean) / self.scale).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "rows": self.rows,
            "shape": list(self.shape),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(
            rows=values["rows"],
            shape=tuple(values["shape"]),
            mean=np.array(values["mean"]),
            scale=np.array(values["scale"]),
        )
