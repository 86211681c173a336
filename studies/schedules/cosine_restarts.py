"""Cosine with warm restarts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from studies.schedules import ScheduleChoice
from studies.space import between, whole


@dataclass(frozen=True, kw_only=True)
class CosineRestarts(ScheduleChoice):
    """Fall along half a cosine several times, each time from the peak again; the last fall ends with the run.

    Helps: a good model at several points of one run; ensembles of the models at the end of each fall.
    Hurts: the model at the end of the run, which one long decay makes better.
    Source: Loshchilov and Hutter 2017, arXiv 1608.03983; ensembles: Huang et al. 2017, arXiv 1704.00109.
    """

    offered: ClassVar[bool] = False

    cycles: int = whole(2, 6, default=3)
    """How often the lr falls."""
    growth: float = between(1.0, 2.0, default=2.0)
    """How many times longer each fall is than the one before."""

    def factor(self, progress: float) -> float:
        """Return the cosine from 1 to 0 of the fall that the progress lies in."""
        lengths = [self.growth**cycle for cycle in range(self.cycles)]
        position = progress * sum(lengths)
        for length in lengths[:-1]:
            if position < length:
                return _fall(position / length)
            position -= length
        return _fall(min(1.0, position / lengths[-1]))


def _fall(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2
