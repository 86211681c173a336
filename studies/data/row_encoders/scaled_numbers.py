"""Scaled numbers: rows of a large array, each number scaled as the training rows have it, gaps the mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from studies.data.columns.scaling import REACH
from studies.data.row_encoders.placed import placed


@dataclass(frozen=True, kw_only=True, eq=False)
class ScaledNumbers:
    """Encoder of rows that stayed in their file while a model was trained."""

    kind: ClassVar = "scaled numbers"

    shape: tuple[int, ...]
    """Of one row."""
    mean: NDArray[np.float64]
    """Broadcast to a row; put in for a missing number."""
    scale: NDArray[np.float64]

    def transform(self, rows: Any) -> NDArray[np.float32]:
        """Return the inputs of rows, (rows, *shape).

        Raises:
            BadWorkload: rows of another shape.
        """
        return self.scaled(placed(rows, self.shape))

    def scaled(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return numbers of the right shape scaled."""
        numbers = np.nan_to_num((values - self.mean) / self.scale, copy=False, nan=0.0)
        return np.clip(numbers, -REACH, REACH, out=numbers).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"shape": list(self.shape), "mean": self.mean.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(
            shape=tuple(values["shape"]), mean=np.array(values["mean"]), scale=np.array(values["scale"])
        )
