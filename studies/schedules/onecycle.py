"""The one-cycle schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass

from studies.schedules import ScheduleChoice
from studies.space import between


@dataclass(frozen=True, kw_only=True)
class OneCycle(ScheduleChoice):
    """Climb to the peak for about a quarter of the run, then fall along half a cosine to zero.

    Helps: short runs at an lr so high that it needs the long climb; training again after pruning.
    Hurts: long runs and lrs that need no climb, where a quarter of the run goes by below the peak.
    Source: Smith and Topin 2018, arXiv 1708.07120; after pruning: Le and Hua 2021, arXiv 2105.03193.
    """

    warmup: float = between(0.1, 0.45, default=0.25)
    """Share of the run over which the lr climbs linearly from zero; torch calls it pct_start."""

    def factor(self, progress: float) -> float:
        """Return the cosine from 1 to 0."""
        return (1 + math.cos(math.pi * progress)) / 2
