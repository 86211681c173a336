"""Titles on trials: which single runs are best, who leads the search, and how learning curves end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Literal

from advisor.report.numbers import duration, every, number
from advisor.statements.recomputed import finished, same
from advisor.statements.statement import Case, Statement
from studies.costs import COSTS
from studies.direction import MINIMIZE
from studies.quantities import listed, several
from studies.record import SEARCH_STAGES, Record, Stage

Runs = Literal["search", "confirmation", "trained", "every"]
"""Runs that a chart shows: of the search, with fresh seeds, all but compressed models, or all."""
Curved = Literal["valid_metric", "valid_loss", "train_loss"]
NAMED: Final = 3
"""Most optimizers that a title names; of more it gives the count."""
PARTS: Final[Mapping[str, str]] = {"curve": "learning curve"} | {cost.field: cost.label for cost in COSTS}


def shown(case: Case, runs: Runs) -> list[Record]:
    """Return the finished runs of a kind."""
    stages: dict[Runs, tuple[Stage, ...]] = {
        "search": SEARCH_STAGES,
        "confirmation": ("confirm",),
        "trained": (*SEARCH_STAGES, "confirm"),
        "every": (*SEARCH_STAGES, "confirm", "compress"),
    }
    return [run for run in finished(case.evidence.records) if run.stage in stages[runs]]


def named(optimizers: tuple[str, ...], of: int) -> str:
    """Name a few optimizers, or say how many of how many they are."""
    if len(optimizers) <= NAMED:
        return listed(optimizers)
    return f"all {of} optimizers" if len(optimizers) == of else f"{len(optimizers)} of {of} optimizers"


def part(count: int, of: int) -> str:
    """Return how many of the whole runs: both whole runs; 3 of 8 whole runs."""
    return every(of, "whole run") if count == of else f"{count} of {several(of, 'whole run')}"


def opening(words: str) -> str:
    """Return such words as a sentence begins with them; a name stays as it is."""
    return words.capitalize() if words.startswith(("all ", "both ")) else words


@dataclass(frozen=True, kw_only=True)
class NothingComplete(Statement):
    """Nothing complete: no run of a kind has come to its end, or none has what is drawn."""

    runs: Runs
    needs: str = ""
    """What some run must have besides, a field of a record."""

    def __str__(self) -> str:
        if not self.needs:
            return "No trial is complete yet"
        run = "run with a fresh seed" if self.runs == "confirmation" else "whole run"
        return f"No {run} whose {PARTS[self.needs]} was measured yet"

    def holds(self, case: Case) -> bool:
        """There is no such run."""
        runs = [run for run in shown(case, self.runs) if not self.subjects or run.optimizer in self.subjects]
        empty: tuple[Any, ...] = (None, ())
        return all(self.needs and getattr(run, self.needs) in empty for run in runs)


@dataclass(frozen=True, kw_only=True)
class BestTrial(Statement):
    """Best trial: the single runs of the best quality, which are its trials; the subjects are of these."""

    metric: str
    quality: float
    train_seconds: float | None
    """Of the run, where it is the only one."""
    whole_runs: int
    """That have a training time."""
    optimizers: int
    """Of these runs."""

    def __str__(self) -> str:
        best = f"{self.metric} {number(self.quality)}"
        if len(self.trials) > 1:
            best_of = "" if len(self.trials) == self.whole_runs else "the best, "
            of = named(self.subjects, self.optimizers)
            return f"{opening(part(len(self.trials), self.whole_runs))} reach {best_of}{best} ({of})"
        only = "The only whole run" if self.whole_runs == 1 else "Best single run"
        after = "" if self.train_seconds is None else f" after {duration(self.train_seconds)} of training"
        return f"{only}: {self.subjects[0]}, {best}{after}"

    def holds(self, case: Case) -> bool:
        """These trials and no others have that quality, and none is better."""
        runs = [run for run in shown(case, "trained") if run.train_seconds is not None]
        best = case.evidence.direction.best(run.measured_quality for run in runs)
        reach = [run for run in runs if run.quality == best]
        alone = len(reach) == 1
        return (
            best == self.quality
            and {run.number for run in reach} == set(self.trials)
            and {run.optimizer for run in reach} == set(self.subjects)
            and self.whole_runs == len(runs)
            and self.optimizers == len({run.optimizer for run in runs})
            and self.train_seconds == (reach[0].train_seconds if alone else None)
        )


@dataclass(frozen=True, kw_only=True)
class SearchLeader(Statement):
    """Search leader: the search trial that was first at the best quality; its subjects reach it, it first."""

    metric: str
    quality: float
    optimizers: int
    """With a whole run in the search."""

    def __str__(self) -> str:
        best, trial = f"{self.metric} {number(self.quality)}", self.trials[0]
        if len(self.subjects) > 1:
            reach = named(self.subjects, self.optimizers)
            return f"{opening(reach)} reach {best} in the search, {self.subjects[0]} first, in trial {trial}"
        return f"Best search trial: {self.subjects[0]}, {best}, since trial {trial}"

    def holds(self, case: Case) -> bool:
        """The earliest search trial of the best quality is that one, and these optimizers reach it."""
        runs = sorted(shown(case, "search"), key=lambda run: run.number)
        best = case.evidence.direction.best(run.measured_quality for run in runs)
        reach = [run for run in runs if run.quality == best]
        return (
            best == self.quality
            and (reach[0].number,) == self.trials
            and tuple(dict.fromkeys(run.optimizer for run in reach)) == self.subjects
            and self.optimizers == len({run.optimizer for run in runs})
        )


@dataclass(frozen=True, kw_only=True)
class CurvesReach(Statement):
    """Curves reach: the optimizers whose runs reach most at their best epoch, in the median.

    There are none where no curve can be drawn.
    """

    runs: Runs
    metric: str
    """What the curves show, in words."""
    field: Curved
    value: float
    """Median over its runs, each at its best epoch."""
    curves: int
    """Runs of the first of the subjects."""
    compared: int
    """Optimizers with a median curve."""
    positive: bool = False
    """Whether what is not above 0 is left out, as on a log axis."""

    def __str__(self) -> str:
        kind = "seed" if self.runs == "confirmation" else "whole run"
        if not self.subjects:
            run = "run with a fresh seed" if self.runs == "confirmation" else kind
            return f"No {run} has a learning curve that can be drawn"
        best = f"{self.metric} {number(self.value)}"
        if len(self.subjects) > 1:
            alike = "do equally well" if len(self.subjects) == self.compared else "do best, alike"
            return f"{opening(named(self.subjects, self.compared))} {alike}: median {best} at the best epochs"
        over = (
            f"median {best} over the best epochs of {several(self.curves, kind)}"
            if self.curves > 1
            else f"{best} at the best epoch of 1 {kind}"
        )
        at = "does best:" if self.compared > 1 else "reaches a" if self.curves > 1 else "reaches"
        return f"{self.subjects[0]} {at} {over}"

    def holds(self, case: Case) -> bool:
        """The median of the best values is that of these optimizers, and no other's is better."""
        direction = case.evidence.direction if self.field == "valid_metric" else MINIMIZE
        ends: dict[str, list[float]] = {}
        for run in shown(case, self.runs):
            values = [getattr(point, self.field) for point in run.curve]
            usable = [value for value in values if math.isfinite(value) and (value > 0 or not self.positive)]
            if (reached := direction.best(usable)) is not None:
                ends.setdefault(run.optimizer, []).append(reached)
        medians = {name: median(values) for name, values in ends.items()}
        best = direction.best(medians.values())
        if best is None:
            return not self.subjects
        return (
            same(best, self.value)
            and {name for name, value in medians.items() if same(value, best)} == set(self.subjects)
            and (self.curves, self.compared) == (len(ends[self.subjects[0]]), len(medians))
        )
