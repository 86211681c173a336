"""The exponential schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.schedules import ScheduleChoice
from studies.space import log_between


@dataclass(frozen=True, kw_only=True)
class Exponential(ScheduleChoice):
    """Multiply the lr by the same number at every step, so that a set share is left at the end.

    Helps: reproducing recipes that have it; losses that want each power of ten of the lr for equally long.
    Hurts: it leaves the high lrs early and spends half of the run below the useful ones.
    Source: Senior et al. 2013, ICASSP; torch's ExponentialLR, with the share at the end in place of the share
    a step.
    """

    offered: ClassVar[bool] = False

    final: float = log_between(1e-3, 0.3, default=0.01)
    """Share of the peak lr that is left at the end."""

    def factor(self, progress: float) -> float:
        """Return the final share to the power of the progress."""
        return float(self.final**progress)
