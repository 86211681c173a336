"""The inverse square root schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from studies.schedules import ScheduleChoice
from studies.space import between

SHORTEST: Final = 0.01
"""Without a warmup the fall begins as if there had been one of this share of the run."""


@dataclass(frozen=True, kw_only=True)
class InverseSqrt(ScheduleChoice):
    """Warm up linearly, then fall with one over the square root of the steps so far.

    Helps: runs without a planned end: what came before never depends on what is still to come.
    Hurts: the end of any run: a fifth of the peak is left at the default; it wants a cooldown or averaging
    after it.
    Source: Vaswani et al. 2017, arXiv 1706.03762.
    """

    offered: ClassVar[bool] = False

    warmup: float = between(0.01, 0.2, default=0.05)
    """Share of the run over which the lr climbs linearly from zero; it also sets how fast the lr falls
    afterwards."""

    def factor(self, progress: float) -> float:
        """Return the square root of warmup over progress, both counted from the start of the run."""
        start = max(self.warmup, SHORTEST)
        return math.sqrt(start / (start + progress * (1 - start)))
