"""Warmup, stable, decay."""

from __future__ import annotations

from dataclasses import dataclass

from studies.schedules import ScheduleChoice
from studies.space import between


@dataclass(frozen=True, kw_only=True)
class WSD(ScheduleChoice):
    """Warm up linearly, stay at the peak, then fall linearly to zero in the last part of the run.

    Helps: runs that may be prolonged, and comparing lengths: every length shares the stable part.
    Hurts: runs of known length, a little: a short decay ends above a decay over the whole run.
    Source: Hu et al. 2024, arXiv 2404.06395; Haegele et al. 2024, arXiv 2405.18392.
    """

    warmup: float = between(0.0, 0.2, default=0.02)
    """Share of the run over which the lr climbs linearly from zero."""
    decay: float = between(0.1, 0.8, default=0.25)
    """Share of the run after the warmup over which the lr falls."""

    def factor(self, progress: float) -> float:
        """Return 1 up to the decay, then the share of the decay that is left."""
        return 1.0 if progress <= 1 - self.decay else min(1.0, (1 - progress) / self.decay)
