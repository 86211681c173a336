"""Statements on preference: what the goal decided between optimizers that the trials cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.goals import LESS, SAME, SETTINGS
from advisor.report.numbers import difference, written
from advisor.statements.measured import measured_alike
from advisor.statements.statement import Case, Statement
from studies.costs import BY_FIELD
from studies.direction import Direction
from studies.quantities import listed


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftBehind:
    """Left behind: tied optimizers that cost clearly more than the advised one."""

    cost: str
    """A field of a record, or `settings`."""
    value: float
    """Of the advised one; bytes, seconds or settings."""
    least: float
    """The least of those left behind."""
    optimizers: tuple[str, ...]
    forecast: bool = False
    """Whether both are forecasts."""

    def __str__(self) -> str:
        amounts = f"{self._amount(self.value)} against {self._amount(self.least)}"
        kind = ", forecasts" if self.forecast else ""
        return f"{LESS[self.cost]} than {listed(self.optimizers)} ({amounts}{kind})"

    def _amount(self, value: float) -> str:
        return f"{value:.0f}" if self.cost == SETTINGS else written(BY_FIELD[self.cost], value)


@dataclass(frozen=True, kw_only=True)
class Preferred(Statement):
    """Preferred: the trials cannot tell these apart, and the goal chose by their costs."""

    goal: str
    left_behind: tuple[LeftBehind, ...]
    trained: bool = True
    """Whether there are trials that could tell them apart."""
    as_cheap: tuple[str, ...] = ()
    """Those that the costs cannot tell apart from the advised one either."""

    def __str__(self) -> str:
        tells = "The trials cannot tell" if self.trained else "Nothing known before a trial tells"
        apart = f"{tells} {listed(self.subjects)} apart"
        if not self.left_behind:
            return f"{apart}, nor can their costs; the one of least expected loss is advised."
        why = listed([str(behind) for behind in self.left_behind])
        rest = f"; {listed(self.as_cheap)} costs as little" if len(self.as_cheap) == 1 else ""
        rest = f"; {listed(self.as_cheap)} cost as little" if len(self.as_cheap) > 1 else rest
        return f"{apart}; for the goal '{self.goal}' {self.subjects[0]} is advised: it has {why}{rest}."

    def holds(self, case: Case) -> bool:
        """The advised one costs clearly less than each it is said to, and no limit is broken by it."""
        if self.trained != (case.answer.quality is not None):
            return False
        if self.subjects[0] != case.answer.optimizer or self.goal != case.evidence.goal:
            return False
        behind = [name for left in self.left_behind for name in left.optimizers]
        if {*behind, *self.as_cheap} != set(self.subjects[1:]) and self.left_behind:
            return False
        return all(self._clearly_less(case, left) for left in self.left_behind)

    def _clearly_less(self, case: Case, left: LeftBehind) -> bool:
        if not left.value * SAME < left.least:
            return False
        if left.cost not in {"train_seconds", "optimizer_state_bytes", "peak_bytes"}:
            return True
        advised = case.contender(self.subjects[0])
        others = [case.contender(name) for name in left.optimizers]
        least = min((getattr(other, left.cost) or 0.0) for other in others if other)
        return advised is not None and getattr(advised, left.cost) == left.value and least == left.least


@dataclass(frozen=True, kw_only=True)
class GivesUp(Statement):
    """Gives up: how much of the metric the advised one gives up against the best measured one."""

    metric: str
    direction: Direction
    quality: float
    """Of the advised one, over the seeds that both share, or in one search trial of each."""
    best: float
    """Of the other."""
    advised_trials: tuple[int, ...]
    within: bool
    """Whether that is within the tie margin."""
    unconfirmed: bool = False
    """Whether the other was not run with fresh seeds, where the advised one was."""

    def __str__(self) -> str:
        words = difference(self.metric, self.direction, self.best, self.quality)
        return f"{self.subjects[0]} measured {words}, {self._why()}."

    def _one_run(self, case: Case) -> bool:
        other = case.contender(self.subjects[0])
        runs = case.runs(other.trials) if other else []
        fresh = any(run.stage in {"confirm", "compress"} for run in runs)
        advised = any(run.stage in {"confirm", "compress"} for run in case.runs(case.answer.trials))
        return advised and not fresh

    def _why(self) -> str:
        if self.unconfirmed:
            return "one run of each, and was not confirmed"
        return "which is within the tie margin" if self.within else "which may be luck"

    def holds(self, case: Case) -> bool:
        """Both have these qualities on the same seeds, and the other's is better."""
        return (
            case.contender(self.subjects[0]) is not None
            and case.evidence.direction.better(self.best, self.quality)
            and measured_alike(case, self.trials, self.best, self.advised_trials, self.quality)
            and self.unconfirmed == self._one_run(case)
        )
