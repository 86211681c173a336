"""Direction: which way a metric is better.

Standard library only, so that whatever reads records stays light.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from studies.errors import BadValue, shown


class Direction(StrEnum):
    """Direction of a metric; it equals its own text, and is written as it in JSON and in a repr."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"

    __repr__ = str.__repr__

    @classmethod
    def _missing_(cls, value: object) -> Direction:
        raise BadValue(f"direction {shown(value)} is neither maximize nor minimize")

    @property
    def maximizes(self) -> bool:
        """Tell whether more is better."""
        return self is Direction.MAXIMIZE

    @property
    def word(self) -> str:
        """Return which values are better: higher | lower."""
        return "higher" if self.maximizes else "lower"

    def loss(self, value: float | None) -> float:
        """Return a metric value as a number to make small; infinite for a run that has none."""
        if value is None:
            return math.inf
        return -value if self.maximizes else value

    def value_of(self, loss: float) -> float:
        """Return the metric value of a loss: the inverse of `loss`."""
        return self.loss(loss)

    def better(self, left: float | None, right: float | None) -> bool:
        """Tell whether `left` is the better metric value.

        NaN is never better, and any number is better than none.
        """
        return self.loss(left) < self.loss(right)

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best metric value; None of none."""
        return (max if self.maximizes else min)(values, default=None)

    def worst(self, values: Iterable[float]) -> float | None:
        """Return the worst metric value; None of none."""
        return (min if self.maximizes else max)(values, default=None)


MAXIMIZE: Final = Direction.MAXIMIZE
MINIMIZE: Final = Direction.MINIMIZE
