"""Interval of a mean over seeds: Student's t, without scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev
from typing import Final

T_90: Final = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833)
"""Student's t, 95th percentile, from 1 degree of freedom."""


def half_width(values: Sequence[float]) -> float | None:
    """Return the half-width of the 90 % interval of the mean; None for fewer than two values."""
    if len(values) < 2:
        return None
    return T_90[min(len(values) - 1, len(T_90)) - 1] * stdev(values) / math.sqrt(len(values))
