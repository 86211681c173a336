"""Statements on other questions: which limits and goals would be answered otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from advisor.report.numbers import difference, written, written_limit
from advisor.statements.statement import Case, Statement
from studies.costs import Cost
from studies.direction import Direction
from studies.limits import LIMITED_COST
from studies.quantities import listed


@dataclass(frozen=True, kw_only=True, slots=True)
class Instead:
    """Instead: what would be advised, and what it measured against the advised one."""

    optimizer: str
    name: str
    """In words, with what is done to its model."""
    metric: str
    direction: Direction
    quality: float | None
    """None where nothing is to be compared."""
    advised_quality: float | None
    one_run: bool = False
    """Whether one run speaks for it, where the advised one was run with fresh seeds."""
    one_seed: bool = False
    """Whether both were run with a fresh seed, and share no other."""

    def __str__(self) -> str:
        if self.quality is None or self.advised_quality is None:
            return f"{self.name} instead"
        apart = difference(self.metric, self.direction, self.quality, self.advised_quality)
        runs = " (one run of each, not confirmed)" if self.one_run else ""
        return f"{self.name} instead, {apart}{' (one run of each)' if self.one_seed else runs}"


def _under(case: Case, limit: str, value: float | None) -> str | None:
    """Ask again under another limit; return the optimizer, None when nothing fits."""
    bound: Any = value if value is None or not limit.endswith("bytes") else int(value)
    answer = case.ask(replace(case.evidence, limits=replace(case.evidence.limits, **{limit: bound})))
    return None if answer is None else answer.optimizer


@dataclass(frozen=True, kw_only=True)
class LooserLimit(Statement):
    """Looser limit: from which limit on another recipe would be advised."""

    limit: str
    """A field of `Limits`."""
    now: float
    wanted: float
    instead: Instead

    def __str__(self) -> str:
        cost = LIMITED_COST[self.limit]
        flag = f"{cost.flag}, now {written_limit(cost, self.now)}"
        return f"A limit on {cost.limited} of {written(cost, self.wanted)} ({flag}): {self.instead}."

    def holds(self, case: Case) -> bool:
        """Asked again under the limit as it is written, the answer is the one named."""
        as_read = _read(LIMITED_COST[self.limit], self.wanted)
        return (
            getattr(case.evidence.limits, self.limit) == self.now < as_read
            and _under(case, self.limit, as_read) == self.instead.optimizer
        )


@dataclass(frozen=True, kw_only=True)
class TighterLimit(Statement):
    """Tighter limit: below which limit another recipe would be advised."""

    limit: str
    below: float
    instead: Instead

    def __str__(self) -> str:
        cost = LIMITED_COST[self.limit]
        return f"A limit on {cost.limited} of {written(cost, self.below)} ({cost.flag}): {self.instead}."

    def holds(self, case: Case) -> bool:
        """Asked again under the limit as it is written, the answer is the one named."""
        as_read = _read(LIMITED_COST[self.limit], self.below)
        return _under(case, self.limit, as_read) == self.instead.optimizer


def _read(cost: Cost, value: float) -> float:
    """Return a value as a reader gets it who types what was written."""
    return cost.parse(written(cost, value))


@dataclass(frozen=True, kw_only=True)
class Admits(Statement):
    """Admits: the ruled out optimizer that is nearest to fitting, and the limit that would admit it."""

    limit: str
    now: float
    wanted: float
    tried: bool
    """Whether it has search trials that ended."""

    def __str__(self) -> str:
        cost = LIMITED_COST[self.limit]
        flag = f"{cost.flag}, now {written_limit(cost, self.now)}"
        raised = f"A limit on {cost.limited} of {written(cost, self.wanted)} ({flag})"
        known = "none of its trials fits now" if self.tried else "it has no trials, so its quality is unknown"
        return f"{raised} would admit {self.subjects[0]}: {known}."

    def holds(self, case: Case) -> bool:
        """It is ruled out now and fits under the limit as it is written; it has trials if that is said."""
        name = self.subjects[0]
        as_read = _read(LIMITED_COST[self.limit], self.wanted)
        bound: Any = int(as_read) if self.limit.endswith("bytes") else as_read
        limits = replace(case.evidence.limits, **{self.limit: bound})
        ended = [run for run in case.evidence.records if run.state != "running"]
        answer = case.ask(replace(case.evidence, limits=limits))
        return (
            self.tried == any(run.optimizer == name and run.searched for run in ended)
            and case.contender(name) is None
            and answer is not None
            and any(other.optimizer == name for other in answer.contenders)
        )


@dataclass(frozen=True, kw_only=True)
class OtherGoals(Statement):
    """Other goals: goals under which another optimizer would be advised."""

    goals: tuple[str, ...]

    def __str__(self) -> str:
        quoted = [f"'{goal}'" for goal in self.goals]
        return f"The goal {listed(quoted, 'or')} (--goal): {self.subjects[0]} instead."

    def holds(self, case: Case) -> bool:
        """Asked again with each of these goals, the answer is the one named."""
        answers = [case.ask(replace(case.evidence, goal=goal)) for goal in self.goals]
        return all(answer is not None and answer.optimizer == self.subjects[0] for answer in answers)
