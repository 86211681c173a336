"""The cosine schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass

from studies.schedules import ScheduleChoice
from studies.space import between


@dataclass(frozen=True, kw_only=True)
class Cosine(ScheduleChoice):
    """Warm up linearly, then fall along half a cosine to nearly zero.

    Helps: any run whose length is known; the standard for vision and language models.
    Hurts: runs that are stopped early or go on longer than planned; needs the horizon.
    Source: Loshchilov and Hutter 2017, arXiv 1608.03983; warmup: Goyal et al. 2017, arXiv 1706.02677.
    """

    warmup: float = between(0.0, 0.2, default=0.05)
    """Share of the run over which the lr climbs linearly from zero."""
    floor: float = between(0.0, 0.2, default=0.0)
    """Share of the peak lr that is left at the end."""

    def factor(self, progress: float) -> float:
        """Return the cosine from 1 to the floor."""
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * progress)) / 2
