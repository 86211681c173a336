"""The cyclic schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.schedules import ScheduleChoice
from studies.space import between, whole


@dataclass(frozen=True, kw_only=True)
class Cyclic(ScheduleChoice):
    """Go down and up between the peak and a floor along straight lines, ending at the floor.

    Helps: reproducing recipes that have it; runs that may be stopped at the end of any fall.
    Hurts: the model at the end of the run: every climb undoes part of the fall before it.
    Source: Smith 2017, arXiv 1506.01186.
    """

    offered: ClassVar[bool] = False

    cycles: int = whole(1, 6, default=3)
    """How often the lr reaches the floor."""
    floor: float = between(0.0, 0.5, default=0.1)
    """Share of the peak lr at the lowest points."""

    def factor(self, progress: float) -> float:
        """Return the height of the triangle wave, 1 at the start and the floor at the end."""
        height = abs(1 - progress * (2 * self.cycles - 1) % 2)
        return self.floor + (1 - self.floor) * height
