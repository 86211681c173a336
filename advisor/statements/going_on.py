"""Statements on going on: why a search ended before its budget did, and whether shorter runs would do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from advisor.report.numbers import number
from advisor.statements.recomputed import same
from advisor.statements.statement import Case, Statement
from studies.direction import Direction
from studies.outlook import Outlook
from studies.quantities import several
from studies.record import Record


@dataclass(frozen=True, kw_only=True)
class StoppedEarly(Statement):
    """Stopped early: the search ended by itself, as going on was expected to gain less than the noise."""

    metric: str
    outlook: Outlook

    def __str__(self) -> str:
        after = f"the search ended after {several(self.outlook.trials, 'trial')}, as {self.outlook}"
        return f"Hardly more trials: {after} ({self.metric}; --exhaust goes on)."

    def holds(self, case: Case) -> bool:
        """The study says so, it had these trials, and what they were expected to gain is that little."""
        searched = sum(run.searched for run in case.evidence.records)
        return (
            self.outlook == case.evidence.outlook
            and self.outlook.settled
            and self.outlook.trials <= searched
            and self.metric == case.evidence.metric
        )


@dataclass(frozen=True, kw_only=True)
class HalfTheEpochs(Statement):
    """Half the epochs: what the confirmed runs of the advised recipe had reached half-way, beside the end."""

    metric: str
    direction: Direction
    epochs: int
    half: int
    """So many of them."""
    quality: float
    """Mean over the runs at their end."""
    half_quality: float
    """And of the best epoch of each up to half-way."""
    noise: float
    """By how much two seeds of one recipe differ on the same rows, on average."""
    schedule: str
    falls: bool
    """Whether the schedule takes the learning rate down towards the end."""

    def __str__(self) -> str:
        runs = "its runs" if len(self.trials) > 1 else "its run"
        reached = (
            f"after {self.half} of {several(self.epochs, 'epoch')} {runs} had reached {self.metric} "
            f"{number(self.half_quality)}, at the end {number(self.quality)}, and two seeds of one recipe "
            f"differ by {self.noise:.2g} on the same rows"
        )
        claim = "Half the epochs may do" if self.enough else "Half the epochs may be too few"
        sooner = f", whose {self.schedule} schedule lowers the rate sooner," if self.falls else ""
        return f"{claim}: {reached}; a run of {several(self.half, 'epoch')}{sooner} was not tried."

    @property
    def enough(self) -> bool:
        """Tell whether nothing was gained after half-way that seeds would not change."""
        return self.direction.loss(self.half_quality) - self.direction.loss(self.quality) <= self.noise

    def holds(self, case: Case) -> bool:
        """The curves of the runs behind the answer say so."""
        runs = case.runs(self.trials)
        return (
            {run.optimizer for run in runs} == {case.answer.optimizer}
            and all(run.stage == "confirm" for run in runs)
            and {run.curve[-1].epoch for run in runs} == {self.epochs}
            and self.half == self.epochs // 2
            and same(fmean(run.measured_quality for run in runs), self.quality)
            and same(half_way(runs, self.half, case.evidence.direction), self.half_quality)
        )


def half_way(runs: Iterable[Record], half: int, direction: Direction) -> float | None:
    """Return the mean over runs of the best metric up to an epoch; None where one of them has none."""
    values = [[point.valid_metric for point in run.curve if point.epoch <= half] for run in runs]
    best = [direction.best(filter(math.isfinite, each)) for each in values]
    known = [value for value in best if value is not None]
    return fmean(known) if best and len(known) == len(best) else None
