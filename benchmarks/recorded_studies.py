"""Recorded studies, read from the table of `benchmarks.record_advice`: every run of each task."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Final

from advisor.decide.scale import CAP
from benchmarks.recorded_tasks import FACTS, RUNS, TASKS, TRUTH_SEEDS, UNSEEN
from studies.direction import Direction
from studies.facts import Facts

FIRST: Final = (0, 0)
"""Seed and split of a search trial."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One training run; no metric means that it diverged."""

    valid: float | None
    valid_loss: float
    test: float | None
    seconds: float
    state_bytes: int | None = None
    unit: float = 0.0
    """Where its learning rate lies in its range."""


Runs = dict[str, dict[int, dict[tuple[int, int], Run]]]
"""Optimizer to recipe to (seed, split) to run."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """All runs of one task."""

    name: str
    group: str
    """chosen by | held out | unseen | external."""
    metric: str
    direction: Direction
    valid_rows: int
    test_rows: int
    facts: Facts
    runs: Mapping[str, Mapping[int, Mapping[tuple[int, int], Run]]] = field(repr=False)
    """Optimizer to recipe to (seed, split) to run."""

    def loss(self, value: float | None) -> float:
        """Return the loss behind a test metric, at least half a row; infinite for a run that diverged."""
        if value is None:
            return math.inf
        return max(value, 1e-12) if not self.direction.maximizes else max(1 - value, 0.5 / self.test_rows)

    def truths(self) -> dict[str, dict[int, float]]:
        """Return the log of each recipe's mean test loss, over the seeds for the truth or the search's."""
        truths = {
            optimizer: {
                index: math.log(fmean(self.loss(run.test) for run in truth_runs(runs)))
                for index, runs in recipes.items()
            }
            for optimizer, recipes in self.runs.items()
        }
        best = min(value for recipes in truths.values() for value in recipes.values())
        return {
            name: {i: min(value, best + CAP) for i, value in recipes.items()}
            for name, recipes in truths.items()
        }


def truth_runs(runs: Mapping[tuple[int, int], Run]) -> list[Run]:
    """Return the runs that a recipe is judged by: those of the truth's seeds, else the search's."""
    return [run for (seed, _), run in runs.items() if seed >= TRUTH_SEEDS[0]] or [runs[FIRST]]


def load(runs_file: Path = RUNS, facts_file: Path = FACTS) -> list[Study]:
    """Return the recorded studies, in the order of the tasks."""
    runs: dict[str, Runs] = {}
    with gzip.open(runs_file, "rt", newline="") as file:
        for row in csv.DictReader(file):
            run = Run(
                valid=_number(row["valid_metric"]),
                valid_loss=_number(row["valid_loss"]) or math.inf,
                test=_number(row["test_metric"]),
                seconds=float(row["seconds"]),
                unit=float(row["lr_unit"]),
                state_bytes=int(row["state_bytes"]) if row["state_bytes"] else None,
            )
            recipes = runs.setdefault(row["task"], {}).setdefault(row["optimizer"], {})
            recipes.setdefault(int(row["recipe"]), {})[int(row["seed"]), int(row["split"])] = run
    about = json.loads(facts_file.read_text())
    return [
        Study(
            name=task.name,
            group="unseen" if task.unseen else "held out" if task.held_out else "chosen by",
            runs=runs[task.name],
            facts=Facts.from_dict(about[task.name]["facts"]),
            direction=Direction(about[task.name]["direction"]),
            **{key: about[task.name][key] for key in ("metric", "valid_rows", "test_rows")},
        )
        for task in (*TASKS, *UNSEEN)
        if task.name in runs
    ]


def _number(text: str) -> float | None:
    return float(text) if text else None
