"""Recorded portfolio runs: train every recipe of the pool on every recorded task, and keep the table.

    python -m benchmarks.record_portfolio [--tasks NAME,...] [--seconds 200] [--to FILE]

About 20 minutes of one core; started again, it goes on where it stopped.

A run keeps its validation error where a search compares (after a ninth, a third and all of its epochs, each
the best so far), its test error, and its seconds of processor time. Errors are made small: 1 - accuracy, or
rmse. Recipes that come to the same on a task, as label smoothing in a regression, are trained once.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from advisor.published.portfolio import StartingRecipe
from benchmarks.portfolio_pool import pool
from benchmarks.record_advice import pack, space_of, test_metric, unpack
from benchmarks.recorded_tasks import FOLDER, IN_ORDER, TASKS, Task, open_workload
from studies import catalogue
from studies.choice import Choice
from studies.direction import MAXIMIZE
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.plans.search_space import SearchSpace
from studies.rungs import rungs
from studies.space import Numeric
from studies.train import Training

RUNS: Final = FOLDER / "portfolio_runs.csv.gz"
COLUMNS: Final = (
    "task", "source", "kind", "problem", "recipe", "seed", "steps", "batch_rows", "lr",
    "error_ninth", "error_third", "error", "valid_loss", "test_error", "seconds",
)  # fmt: skip
BATCH: Final = Numeric(low=16, high=256, default=32, scale="log", whole=True)
"""Rows a step: the recorded tasks are small, and 32 is the reference of all of them."""
LONG: Final = (Task(source="digits", model="MLP", train=1000, valid=400, epochs=36),)
"""Task of as many steps as a search gives a run that has the time."""

Key = tuple[str, int, int]
"""Task, recipe and seed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Outcome of a run, as the columns of the table from `error_ninth` on; empty where it diverged."""

    errors: tuple[str, ...]
    valid_loss: str
    test_error: str
    seconds: str


def main() -> None:
    """Train whatever is missing, then pack the table."""
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", help="names of tasks, with commas; all where left out")
    parser.add_argument("--seconds", type=float, default=math.inf, help="after which no further run begins")
    parser.add_argument("--to", type=Path, default=FOLDER / "portfolio_runs.csv", help="the growing table")
    options = parser.parse_args()
    unpack(RUNS, options.to)
    chosen = options.tasks.split(",") if options.tasks else None
    tasks = [task for task in (*IN_ORDER, *LONG) if chosen is None or task.name in chosen]
    grow(options.to, tasks, pool(), seconds=options.seconds)
    pack(options.to, RUNS)


def smoke() -> None:
    """Smallest form: two recipes of one small task, each for one epoch."""
    task = next(replace(task, epochs=1) for task in TASKS if task.source == "iris")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "runs.csv"
        grow(table, [task], pool()[:2])
        print(f"{len(read_keys(table))} runs")


def grow(
    table: Path, tasks: Iterable[Task], recipes: tuple[StartingRecipe, ...], *, seconds: float = math.inf
) -> None:
    """Append every run that is not in the table yet, until the seconds are over."""
    deadline = time.monotonic() + seconds
    keys = read_keys(table)
    with table.open("a", newline="") as file:
        writer = csv.writer(file)
        if not keys:
            writer.writerow(COLUMNS)
        for task in tasks:
            missing = [index for index in range(len(recipes)) if (task.name, index, 0) not in keys]
            for row in _rows(task, recipes, missing) if missing else ():
                writer.writerow(row)
                file.flush()
                if time.monotonic() > deadline:
                    return


def read_keys(table: Path) -> set[Key]:
    """Return what a table holds; nothing where there is none yet."""
    if not table.exists():
        return set()
    with table.open(newline="") as file:
        return {(row["task"], int(row["recipe"]), int(row["seed"])) for row in csv.DictReader(file)}


def recorded_space(task: Task, workload: LoadedWorkload) -> SearchSpace:
    """Return the space that the recipes are read in: what suits the task, all that is offered."""
    schedules: Any = _offered("schedule")
    optimizers: Any = _offered("optimizer")
    space = space_of(task, workload)
    return replace(space, optimizers=optimizers, schedules=schedules, batch_size=BATCH)


def _offered(axis: str) -> tuple[type[Choice], ...]:
    return tuple(choice for choice in catalogue.choices(axis).values() if choice.offered)


def _rows(
    task: Task, recipes: tuple[StartingRecipe, ...], missing: Iterable[int]
) -> Iterator[tuple[Any, ...]]:
    workload = open_workload(task)
    space = recorded_space(task, workload)
    trained: dict[str, Outcome] = {}
    for index in missing:
        recipe = recipes[index].recipe(space)
        training = Training(recipe, workload, seed=0)
        same = str(sorted(recipe.to_params().items()))
        outcome = trained[same] = trained.get(same) or _outcome(training, task)
        yield (
            task.name, task.source, workload.dataset.kind, workload.dataset.task, index, 0,
            training.total_steps, training.batch_size, f"{recipe.optimizer.lr:.4g}",
            *outcome.errors, outcome.valid_loss, outcome.test_error, outcome.seconds,
        )  # fmt: skip


def _outcome(training: Training, task: Task) -> Outcome:
    began = time.process_time()
    try:
        training.advance(task.epochs)
    except Diverged:
        return Outcome(errors=("", "", ""), valid_loss="", test_error="", seconds=_since(began))
    seconds = _since(began)
    errors = tuple(
        f"{min(_error(training, p.valid_metric) for p in training.curve if p.epoch <= epoch):.5g}"
        for epoch in _three_rungs(task.epochs)
    )
    loss = min(point.valid_loss for point in training.curve)
    test_error = f"{_error(training, test_metric(training)):.5g}"
    return Outcome(errors=errors, valid_loss=f"{loss:.5g}", test_error=test_error, seconds=seconds)


def _since(began: float) -> str:
    return f"{time.process_time() - began:.3f}"


def _three_rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs of the three rungs; a run too short for three repeats its first."""
    epochs_compared = rungs(epochs)
    return (*(epochs_compared[:1] * (3 - len(epochs_compared))), *epochs_compared)


def _error(training: Training, metric: float) -> float:
    """Return a metric as an error: one that is made large lies between 0 and 1."""
    return 1 - metric if training.workload.metric.direction == MAXIMIZE else metric


if __name__ == "__main__":
    main()
