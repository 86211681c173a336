"""The polynomial schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.schedules import ScheduleChoice
from studies.space import log_between


@dataclass(frozen=True, kw_only=True)
class Polynomial(ScheduleChoice):
    """Fall to zero along a power of what is left of the run.

    Helps: reproducing segmentation recipes (power 0.9) and very large batches under LARS (power 2).
    Hurts: one more setting than the straight line, which is power 1 and does as well.
    Source: Chen et al. 2018, arXiv 1606.00915; You et al. 2017, arXiv 1708.03888.
    """

    offered: ClassVar[bool] = False

    power: float = log_between(0.5, 3.0, default=2.0)
    """1 is a straight line; more falls earlier, less falls later."""

    def factor(self, progress: float) -> float:
        """Return what is left of the run, to the power."""
        return float((1 - progress) ** self.power)
