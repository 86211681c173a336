"""The multi-step schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.schedules import ScheduleChoice
from studies.space import between, log_between


@dataclass(frozen=True, kw_only=True)
class MultiStep(ScheduleChoice):
    """Multiply the lr by a factor at two points of the run that need not be evenly spaced.

    Helps: reproducing CNN recipes that drop late, such as CIFAR's at a half and three quarters.
    Hurts: three more settings than a straight line for no better result; the drops must fit the length of the
    run.
    Source: He et al. 2016, arXiv 1512.03385; Zagoruyko and Komodakis 2016, arXiv 1605.07146.
    """

    offered: ClassVar[bool] = False

    first: float = between(0.2, 0.8, default=0.5)
    """Share of the run before the first drop."""
    second: float = between(0.2, 0.9, default=0.5)
    """Share of what is then left before the second drop; 0.5 and 0.5 drop at a half and three quarters."""
    gamma: float = log_between(0.05, 0.7, default=0.3)
    """What each drop multiplies the lr by; after a drop to a tenth it hardly matters where the second one
    lies."""

    def factor(self, progress: float) -> float:
        """Return gamma to the number of drops so far."""
        drops = (self.first, self.first + (1 - self.first) * self.second)
        return float(self.gamma ** sum(progress >= drop for drop in drops))
