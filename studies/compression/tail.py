"""Schedule tail: the end of a schedule as a schedule of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.schedules import ScheduleChoice

if TYPE_CHECKING:
    from studies.record import Measurement


@dataclass(frozen=True, kw_only=True)
class Tail(ScheduleChoice):
    """Replay the last share of another schedule.

    No folder lists it, since it means something for a trained model only.

    Helps: rewinding the learning rate.
    Hurts: nothing.
    Source: Renda, Frankle and Carbin 2020, arXiv 2003.02389.
    """

    schedule: ScheduleChoice
    share: float

    def at(self, progress: float) -> float:
        """Return the share of the peak lr that the other schedule had so far from its end.

        Its warmup is included.
        """
        return self.schedule.at(1 - self.share + self.share * progress)

    def factor(self, progress: float) -> float:
        """Return the same: there is no warmup of its own."""
        return self.at(progress)

    def reaction(self, curve: Sequence[Measurement]) -> float:
        """Return what the other schedule makes of the new learning curve."""
        return self.schedule.reaction(curve)
