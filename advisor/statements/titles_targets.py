"""Titles on targets: who is first at a quality, and who has the least of something in most studies."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from advisor.report.numbers import duration, number
from advisor.statements.recomputed import finished
from advisor.statements.statement import Case, Statement
from advisor.statements.titles_trials import named, opening


@dataclass(frozen=True, kw_only=True)
class FirstAtTarget(Statement):
    """First at a target: whose fastest run gets there first; no subjects where none gets there."""

    metric: str
    target: float
    counted: Literal["seconds", "steps"]
    seconds: float | None = None
    steps: int | None = None
    """One of the two, as it is counted; None where nobody gets there."""
    reached: int
    """Optimizers that get there."""
    compared: int
    """Optimizers with a whole run that has a learning curve."""

    def __str__(self) -> str:
        target = f"{self.metric} {number(self.target)}"
        if not self.subjects:
            return f"No whole run reaches {target}"
        time = duration(self.seconds or 0.0) if self.counted == "seconds" else _steps(self.steps or 0)
        names = opening(named(self.subjects, self.compared))
        verb = "reach" if len(self.subjects) > 1 else "reaches" if self.compared == 1 else "is first at"
        runs = "fastest runs" if len(self.subjects) > 1 else "fastest run"
        first = f"{names} {verb} {target}, after {time} in the {runs}"
        never = self.compared - self.reached
        verb = "gets" if never == 1 else "get"
        return first + (f"; {never} of {self.compared} optimizers never {verb} there" if never else "")

    def holds(self, case: Case) -> bool:
        """The first points at the target, or better, are of these optimizers and at that time."""
        arrivals: dict[str, list[float]] = {}
        better = case.evidence.direction.better
        for run in finished(case.evidence.records):
            if run.curve and run.stage != "compress":
                points = [
                    point
                    for point in run.curve
                    if math.isfinite(point.valid_metric) and not better(self.target, point.valid_metric)
                ]
                times = [getattr(point, {"steps": "step"}.get(self.counted, "seconds")) for point in points]
                arrivals.setdefault(run.optimizer, []).extend(times[:1])
        fastest = {name: min(times) for name, times in arrivals.items() if times}
        least = min(fastest.values(), default=None)
        return (
            (self.reached, self.compared) == (len(fastest), len(arrivals))
            and least == getattr(self, self.counted)
            and {name for name, time in fastest.items() if time == least} == set(self.subjects)
        )


def _steps(count: int) -> str:
    return f"{number(count)} step{'' if count == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class MostOften(Statement):
    """Most often: who has the least of something in how many of several studies."""

    of: str
    """loss | time to the target"""
    least: tuple[tuple[str, tuple[str, ...]], ...]
    """Each study, and who has the least there."""
    wins: int
    compared: tuple[str, ...]
    """Optimizers that were tried in all of the studies."""

    def __str__(self) -> str:
        count = len(self.least)
        if not self.compared:
            return f"No optimizer was tried in all {count} studies"
        if not self.wins:
            return f"None of those tried in all {count} studies has the least {self.of} in any"
        each = "" if len(self.subjects) == 1 else "each "
        verb = "has" if len(self.subjects) == 1 else "have"
        names = opening(named(self.subjects, len(self.compared)))
        return f"{names} {verb} the least {self.of} {each}in {self.wins} of {count} studies"

    def holds(self, case: Case) -> bool:
        """No other has it in more of the studies, of which this one is told as its records say."""
        wins = Counter(name for _, names in self.least for name in names)
        here = dict(self.least).get(case.evidence.study, ())
        return (
            set(here) <= set(case.evidence.optimizers)
            and set(self.subjects) <= set(self.compared)
            and all(wins[name] == self.wins for name in self.subjects)
            and all(wins[name] < self.wins for name in set(self.compared) - set(self.subjects) if self.wins)
        )
