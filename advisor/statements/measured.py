"""Statements on what was measured: what the advised recipe reached, the runner-up, the test rows."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from advisor.evidence import has_quality
from advisor.report.numbers import number, trials
from advisor.statements.recomputed import same
from advisor.statements.statement import Case, Statement
from studies.limits import LIMITED_COST
from studies.quantities import several
from studies.record import Record
from studies.split_facts import SplitFacts

Way = Literal["confirmed", "best", "best that fits", "compressed", "deployed"]
Role = Literal["runner-up", "ahead", "nearest rival"]


def measured_alike(
    case: Case,
    trials: tuple[int, ...],
    quality: float | None,
    other_trials: tuple[int, ...],
    other_quality: float | None,
) -> bool:
    """Tell whether two qualities are the means of these trials, run on the same seeds and splits."""
    if quality is None or other_quality is None:
        return quality is other_quality is None
    left, right = case.runs(trials), case.runs(other_trials)
    alike = {_draw(run) for run in left} == {_draw(run) for run in right}
    search = all(run.searched and run.split_seed is None for run in (*left, *right))
    compressed = all(run.stage == "compress" for run in (*left, *right))
    return (
        (alike or search or compressed)
        and same(fmean(run.measured_quality for run in left), quality)
        and same(fmean(run.measured_quality for run in right), other_quality)
    )


def _draw(run: Record) -> tuple[int, int | None, int | None]:
    """Return what two runs share that are compared: seed, split and sample."""
    return run.seed, run.split_seed, run.sample_rows


@dataclass(frozen=True, kw_only=True)
class Reached(Statement):
    """Reached: the validation metric of the advised recipe, and the runs behind it."""

    metric: str
    quality: float
    seeds: int
    whole_runs: int
    """Of its optimizer in the search."""
    way: Way

    def __str__(self) -> str:
        reached = f"reached {self.metric} {number(self.quality)} on validation"
        seeds = f"mean of {self.seeds} seeds" if self.seeds > 1 else "1 seed"
        where = trials(self.trials)
        if self.way in {"compressed", "deployed"}:
            return f"{self.way.capitalize()}, its model {reached} ({seeds}, {where})."
        if self.way == "confirmed":
            return f"Its confirmed recipe {reached} ({seeds}, {where})."
        best = f"{self.way} of {several(self.whole_runs, 'whole run')}"
        return f"Its best trial{self.way.removeprefix('best')} {reached} ({where}, {best})."

    def holds(self, case: Case) -> bool:
        """The mean of the named runs is the quality, and no other usable run of the optimizer beats it."""
        runs = case.runs(self.trials)
        if not same(fmean(run.measured_quality for run in runs), self.quality):
            return False
        if {run.optimizer for run in runs} != set(
            self.subjects
        ) or case.answer.optimizer not in self.subjects:
            return False
        stages = {run.stage for run in runs}
        if self.way in {"compressed", "deployed"}:
            return stages == {"compress"}
        if len({run.seed for run in runs}) != self.seeds:
            return False
        if self.way == "confirmed":
            return stages == {"confirm"}
        whole = [run for run in case.evidence.records if run.searched and run.optimizer in self.subjects]
        whole = [run for run in whole if has_quality(run)]
        over = {
            number
            for run in case.evidence.records
            for number in (run.number, run.source)
            if case.evidence.limits.broken_by(run)
        }
        limited = [cost.field for limit, cost in LIMITED_COST.items() if getattr(case.evidence.limits, limit)]
        known = [run for run in whole if None not in [getattr(run, cost) for cost in limited]]
        usable = [run for run in known if run.number not in over]
        rivals = whole if self.way == "best" else usable
        better = case.evidence.direction.better
        return len(whole) == self.whole_runs and not any(
            better(run.measured_quality, self.quality) for run in rivals
        )


@dataclass(frozen=True, kw_only=True)
class NextBest(Statement):
    """Next best: the optimizer to compare the advised one with, and what it reached."""

    metric: str
    quality: float
    role: Role
    confirmed: bool | None = None
    """Whether it was run with fresh seeds; None where the advised one is alike in this."""
    compressed: bool = False
    other_rows: bool = False
    """Whether its runs share no seed with those of the advised one, so that the two are not compared."""
    within: bool = False
    """Whether it is ahead by no more than the tie margin."""
    advised: str = ""
    """The advised optimizer, where it has more seeds than this one; else empty."""
    advised_quality: float | None = None
    """What that reached on the seeds of this one."""
    advised_trials: tuple[int, ...] = ()

    def __str__(self) -> str:
        small = ", compressed too" if self.compressed else ""
        small += ", other seeds" if self.other_rows else ""
        unlike = "" if self.confirmed is None else ", confirmed" if self.confirmed else ", not confirmed"
        figures = f"{number(self.quality)} ({trials(self.trials)}{small}{unlike})"
        if self.advised_quality is not None:
            seeds = "seed" if len(self.trials) == 1 else "seeds"
            beside = f"{number(self.advised_quality)} ({trials(self.advised_trials)})"
            figures += f"; on the same {seeds} {self.advised} reached {beside}"
        name = self.subjects[0]
        if self.role == "ahead":
            within = ", within the tie margin" if self.within else ""
            return f"{name} measured better{within}: {self.metric} {figures}."
        return f"The {self.role} is {name} with {self.metric} {figures}."

    def holds(self, case: Case) -> bool:
        """It is in question, has that quality, and is ahead only if that is better."""
        other = case.contender(self.subjects[0])
        runs = case.runs(self.trials)
        if other is None or other.optimizer == case.answer.optimizer or case.answer.quality is None:
            return False
        seeds = {run.seed for run in runs} & {run.seed for run in case.runs(case.answer.trials)}
        confirmed = all(run.stage in {"confirm", "compress"} for run in runs)
        beside = case.runs(self.advised_trials)
        return (
            same(fmean(run.measured_quality for run in runs), self.quality)
            and (
                self.advised_quality is None
                or (
                    measured_alike(case, self.trials, self.quality, self.advised_trials, self.advised_quality)
                    and {run.optimizer for run in beside} == {self.advised} == {case.answer.optimizer}
                )
            )
            and self.other_rows == (not seeds)
            and (self.role != "ahead" or bool(seeds) or self.confirmed is None)
            and (self.confirmed is None or self.compressed or self.confirmed == confirmed)
        )


@dataclass(frozen=True, kw_only=True)
class NothingToCompare(Statement):
    """Nothing to compare: no other optimizer that may be used has a whole run."""

    def __str__(self) -> str:
        return "No other optimizer that fits has a whole run to compare with."

    def holds(self, case: Case) -> bool:
        """No other contender has a quality."""
        others = [other for other in case.answer.contenders if other.optimizer != case.answer.optimizer]
        return bool(others) and all(other.quality is None for other in others)


@dataclass(frozen=True, kw_only=True)
class Tested(Statement):
    """Tested: the metric on the test rows, which nothing was chosen by."""

    metric: str
    quality: float
    spread: float | None
    """Standard deviation over the seeds; None for one."""

    def __str__(self) -> str:
        count = len(self.trials)
        mean = f"mean of {count} seeds" if count > 1 else "1 seed"
        spread = "" if self.spread is None else f", standard deviation {self.spread:.2g}"
        return f"On the test rows, looked at once: {self.metric} {number(self.quality)} ({mean}{spread})."

    def holds(self, case: Case) -> bool:
        """The mean and the spread are those of the test metrics of the runs."""
        values = [run.test_quality for run in case.runs(self.trials)]
        known = [value for value in values if value is not None]
        spread = stdev(known) if len(known) > 1 else None
        return len(known) == len(values) and same(fmean(known), self.quality) and same(spread, self.spread)


@dataclass(frozen=True, kw_only=True)
class NewRows(Statement):
    """New rows: where the metric is to be expected on rows that nothing was fitted to or chosen by.

    The interval takes the validation rows one by one, as drawn at random. Where whole groups validate, or a
    stretch of time, it says nothing of other groups or of later times, which may differ by more.
    """

    metric: str
    low: float
    high: float
    way: str = "random"
    """How the rows were split, as `SplitFacts.way` says."""
    column: str = ""
    """The column that the split goes by; empty where there is none."""

    def __str__(self) -> str:
        values = f"{self.metric} {number(self.low)} to {number(self.high)}"
        luck = "(90 %; holds the luck of the seed and of the validation rows)"
        if self.way == "group":
            whose = f"with a '{self.column}' of the validation rows"
            return f"On new rows {whose} expect {values} {luck}; those with others may lie outside."
        if self.way == "time":
            when = f"of the same time ('{self.column}') as the validation rows"
            return f"On new rows {when} expect {values} {luck}; later ones may lie outside."
        kind = "of the same kind" if self.way == "random" else "like the validation rows"
        return f"On new rows {kind} expect {values} {luck}."

    def holds(self, case: Case) -> bool:
        """It contains what was measured on validation, or lies on the worse side of it; the split is this."""
        quality, better = case.answer.quality, case.evidence.direction.better
        split = case.evidence.split_facts or SplitFacts()
        if quality is None or self.low > self.high or (self.way, self.column) != (split.way, split.column):
            return False
        return self.low <= quality <= self.high or better(quality, self.low)
