"""The linear schedule."""

from __future__ import annotations

from dataclasses import dataclass

from studies.schedules import ScheduleChoice
from studies.space import between


@dataclass(frozen=True, kw_only=True)
class LinearDecay(ScheduleChoice):
    """Warm up linearly, then fall along a straight line to zero.

    Helps: any run whose length is known, short budgets most of all; it widens the range of peak lrs that
    work.
    Hurts: runs that are stopped early or go on longer than planned; needs the horizon.
    Source: Defazio et al. 2023, arXiv 2310.07831; Bergsma et al. 2025, arXiv 2502.15938.
    """

    warmup: float = between(0.0, 0.2, default=0.05)
    """Share of the run over which the lr climbs linearly from zero."""

    def factor(self, progress: float) -> float:
        """Return what is left of the run."""
        return 1 - progress
