"""Statements on training functions: optimizers that were not compared, and seeds that change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from advisor.evidence import trained_rows
from advisor.report.numbers import trials
from advisor.statements.check import Check
from advisor.statements.statement import Case
from studies.quantities import listed
from studies.record import Record


@dataclass(frozen=True, kw_only=True)
class OptimizerNeverRan(Check):
    """Check: a training function ran no optimizer of its recipe; its subject is the one that records name."""

    name: ClassVar[str] = "optimizer"
    searched: tuple[str, ...]
    """What varied among the trials, of what the function reads."""

    @property
    def message(self) -> str:
        """Return that nothing was compared, and what was searched."""
        varied = f"what was searched is {listed(self.searched)}" if self.searched else "nothing varied yet"
        return f"the training function never ran the recipe's optimizer, so none were compared: {varied}"

    @property
    def fix(self) -> str:
        """Return how an optimizer is compared."""
        return "step what recipe.optimizer.build(model, total_steps) returns, and search anew"

    def holds(self, case: Case) -> bool:
        """Tell whether the function left the optimizer alone, and these settings varied and no others."""
        searched = ("reference", "start", "race")
        varied = _varied([run for run in case.evidence.records if run.stage in searched])
        return not self.passed and "optimizer" in case.evidence.unread and set(self.searched) == varied


@dataclass(frozen=True, kw_only=True)
class SeedsChangeNothing(Check):
    """Check: runs of a recipe with unlike seeds are equal in every epoch; its trials are those runs."""

    name: ClassVar[str] = "seeds"
    seeds: tuple[int, ...]
    ours: bool = True
    """Whether the runs were made here, which seeds torch, NumPy and random."""

    @property
    def message(self) -> str:
        """Return which runs are equal, and what that means."""
        seeds, runs = listed([str(seed) for seed in self.seeds]), trials(self.trials)
        return (
            f"runs of the same recipe with the seeds {seeds} are equal in every epoch ({runs}), "
            "so the interval over seeds says nothing of luck"
        )

    @property
    def fix(self) -> str:
        """Return how seeds come to matter."""
        if not self.ours:
            return (
                "let the seed decide the first weights and the order of the rows; "
                "if nothing in the training is random, one run is enough"
            )
        return (
            "if the training function seeds itself, leave that out (torch, numpy and random are seeded "
            "already) or use the seed it is handed; if nothing in it is random, one run is enough"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether these are all runs of each recipe among them, and equal but for their seeds."""
        runs = case.runs(self.trials)
        groups: dict[int, list[Record]] = {}
        for run in runs:
            groups.setdefault(_recipe_of(run), []).append(run)
        equal = all(_curve(run) == _curve(group[0]) for group in groups.values() for run in group)
        several = all(len({run.seed for run in group}) > 1 for group in groups.values())
        return (
            not self.passed
            and self.ours is (not case.evidence.facts.unseen)
            and bool(groups)
            and equal
            and several
            and {run.seed for run in runs} == set(self.seeds)
            and not any(_left_out(run, groups) for run in case.evidence.records)
        )


def _recipe_of(run: Record) -> int:
    """Return the number of the first run of its recipe."""
    return run.number if run.source is None else run.source


def _left_out(run: Record, groups: Mapping[int, Sequence[Record]]) -> bool:
    """Tell whether a whole run of one of these recipes, on as many rows, is not among them."""
    group = groups.get(_recipe_of(run), ())
    whole = run.state == "complete" and run.stage != "compress"
    return bool(group) and whole and trained_rows(run) == trained_rows(group[0]) and run not in group


def _varied(records: list[Record]) -> set[str]:
    values: dict[str, set[Any]] = {}
    for run in records:
        for key, value in run.params.items():
            values.setdefault(key.split(".")[-1], set()).add(value)
    return {name for name, different in values.items() if len(different) > 1}


def _curve(run: Record) -> list[str]:
    return [f"{point.epoch} {point.valid_metric!r} {point.valid_loss!r}" for point in run.curve]
