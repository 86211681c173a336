"""The step schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.schedules import ScheduleChoice
from studies.space import log_between, whole


@dataclass(frozen=True, kw_only=True)
class Step(ScheduleChoice):
    """Multiply the lr by a factor at evenly spaced points of the run.

    Helps: reproducing classic CNN recipes.
    Hurts: two more settings than cosine for no better result; the drops must fit the length of the run.
    Source: He et al. 2016, arXiv 1512.03385.
    """

    offered: ClassVar[bool] = False

    drops: int = whole(1, 5, default=2)
    """How often the lr drops; with 2, at a third and two thirds of the run."""
    gamma: float = log_between(0.05, 0.7, default=0.1)
    """What each drop multiplies the lr by."""

    def factor(self, progress: float) -> float:
        """Return gamma to the number of drops so far."""
        return float(self.gamma ** min(self.drops, int(progress * (self.drops + 1))))
