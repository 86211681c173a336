"""Group of open trials that settle by rung: once all have arrived at one, its promotion says who goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studies.search.promotion import BestThird, Promotion

if TYPE_CHECKING:
    from studies.record import Record
    from studies.trials.open_trial import OpenTrial


@dataclass(kw_only=True, eq=False)
class Group:
    """Group of open trials that are compared with one another at each rung."""

    trials: list[OpenTrial]
    promotion: Promotion
    """Which of them go on."""
    rung: int = 0
    """Which of the study's rungs they are on the way to."""
    arrived: list[OpenTrial] = field(default_factory=list)
    """Those that have reached it."""

    def rivals(self, records: Iterable[Record]) -> list[Record]:
        """Return the earlier trials that those of the group are compared with."""
        optimizer = self.trials[0].recipe.optimizer.name()
        return [record for record in records if self.promotion.is_rival(record, optimizer)]


def each_whole(trials: Iterable[OpenTrial]) -> list[Group]:
    """Return trials in groups that run each of them whole, whatever it scores."""
    return [Group(trials=[trial], promotion=BestThird(at_least=1)) for trial in trials]
