"""Recorded studies: train what `benchmarks.advice` replays, once, and keep the table beside it.

    python -m benchmarks.record_advice [--to FILE]

One or two hours of one core; started again, it goes on where it stopped.

Tasks on data that ships with packages or is made up, eight optimizers, 16 recipes each: the optimizer's
reference recipe and 15 random ones from what a search tries unasked. The three that validate best are trained
again: three seeds for confirmation on the study's own split, the same three on splits drawn afresh, six for
the truth. Every run keeps its validation and its test metric; the test rows are many and serve nothing else.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from advisor.jobs.batch_sizes import batch_sizes
from benchmarks.recorded_tasks import (
    CONFIRM_SEEDS,
    FACTS,
    FOLDER,
    IN_ORDER,
    RUNS,
    TASKS,
    TRUTH_SEEDS,
    Task,
    open_workload,
)
from studies import catalogue
from studies.attachment import Attachment
from studies.coordinates import coordinates_of
from studies.data.rows import tensors
from studies.errors import BadValue
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.measure.model import state_bytes
from studies.measure.outputs import outputs_of
from studies.plans.search_space import SearchSpace
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.schedules import USUAL
from studies.space import Numeric
from studies.train import Training

OPTIMIZERS: Final = (
    "AdamW", "Adagrad", "Lion", "Muon", "NAdamW", "Nesterov", "RMSprop", "ScheduleFreeAdamW",
)  # fmt: skip
RECIPES: Final = 16
TOP: Final = 3
COLUMNS: Final = (
    "task", "optimizer", "recipe", "seed", "split", "lr", "lr_unit",
    "valid_metric", "valid_loss", "test_metric", "seconds", "state_bytes",
)  # fmt: skip

Key = tuple[str, str, int, int, int]
"""Task, optimizer, recipe, seed and split, as in the table."""
Rows = dict[Key, dict[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """Seed and split that a good recipe is trained with again."""

    seed: int
    split: int = 0
    """0 for the study's own rows."""


REPEATS: Final = (
    *(Repeat(seed=seed) for seed in CONFIRM_SEEDS),
    *(Repeat(seed=seed, split=seed) for seed in CONFIRM_SEEDS),
    *(Repeat(seed=seed) for seed in TRUTH_SEEDS),
)


def main() -> None:
    """Train whatever is missing, then pack the table."""
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--to", type=Path, default=FOLDER / "advice_runs.csv", help="the growing table")
    options = parser.parse_args()
    unpack(RUNS, options.to)
    grow(options.to, FACTS, IN_ORDER)
    pack(options.to, RUNS)


def smoke() -> None:
    """Smallest form: two recipes of one optimizer, each for one epoch, the better one trained again."""
    task = next(replace(task, epochs=1) for task in TASKS if task.source == "iris")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "runs.csv"
        grow(table, Path(folder) / "facts.json", [task], optimizers=("AdamW",), recipes=2, top=1)
        print(f"{len(read_rows(table))} runs")


def unpack(packed: Path, table: Path) -> None:
    """Begin the growing table with what was recorded, where there is none yet."""
    if packed.exists() and not table.exists():
        table.write_bytes(gzip.decompress(packed.read_bytes()))


def pack(table: Path, packed: Path) -> None:
    """Write the table where the benchmark reads it, and print its size."""
    with gzip.GzipFile(packed, "wb", mtime=0) as file:
        file.write(table.read_bytes())
    print(f"{packed.name}: {packed.stat().st_size:,} bytes")


def grow(
    table: Path,
    facts_file: Path,
    tasks: Iterable[Task],
    *,
    optimizers: Sequence[str] = OPTIMIZERS,
    recipes: int = RECIPES,
    top: int = TOP,
) -> None:
    """Append every run that is not in the table yet; facts of the tasks go into a file of their own."""
    rows = read_rows(table)
    facts: dict[str, Any] = json.loads(facts_file.read_text()) if facts_file.exists() else {}
    with table.open("a", newline="") as file:
        writer = csv.writer(file)
        if not rows:
            writer.writerow(COLUMNS)
        for task in tasks:
            workloads = {split: open_workload(task, split) for split in (0, *CONFIRM_SEEDS)}
            if task.name not in facts:
                facts[task.name] = _facts(task, workloads[0])
                facts_file.write_text(json.dumps(facts) + "\n")
            _check_space(task, workloads[0], facts[task.name])
            for optimizer in optimizers:
                for row in _runs(task, workloads, rows, optimizer, recipes=recipes, top=top):
                    writer.writerow(row)
                    file.flush()
            print(task.name, flush=True)


def space_of(task: Task, workload: LoadedWorkload) -> SearchSpace:
    """Return the recipes that the random ones are drawn from: what a search tries unasked."""
    low, reference, high = batch_sizes(None, workload.rows)
    return SearchSpace(
        optimizers=tuple(catalogue.find("optimizer", name) for name in OPTIMIZERS),  # type: ignore[misc]
        schedules=tuple(catalogue.find("schedule", name) for name in USUAL),  # type: ignore[misc]
        regularizers=_suiting("regularizers", workload),
        wrappers=_suiting("wrappers", workload),
        batch_size=Numeric(low=low, high=high, default=reference, scale="log", whole=True),
        rows=workload.rows,
        model=workload.model,
        epochs=task.epochs,
    )


def _suiting(axis: str, workload: LoadedWorkload) -> tuple[Any, ...]:
    dataset, model = workload.dataset, workload.specimen(workload.model)
    return tuple(
        choice
        for choice in catalogue.choices(axis).values()
        if choice.offered
        and issubclass(choice, Attachment)
        and choice.suits(model, dataset.task, dataset.inputs)
    )


def recipe_of(task: Task, space: SearchSpace, optimizer: str, index: int) -> Recipe:
    """Return recipe number `index` of an optimizer: the reference recipe, then uniform draws.

    Each coordinate has a seed of its own, so that one more leaves the others as they were.
    """
    from optuna.distributions import CategoricalDistribution

    if index == 0:
        return space.reference(catalogue.find("optimizer", optimizer))  # type: ignore[arg-type]
    point = {}
    for name, span in space.distributions.items():
        text = f"{task.name}/{optimizer}/{index}/{name}"
        chance = random.Random(zlib.crc32(text.encode()))  # noqa: S311 - a draw
        categorical = isinstance(span, CategoricalDistribution)
        point[name] = chance.choice(span.choices) if categorical else chance.uniform(-1, 1)
    return space.recipe(point | {"optimizer": optimizer})


def _facts(task: Task, workload: LoadedWorkload) -> dict[str, Any]:
    facts = profile(workload, batch_size=min(32, workload.rows), epochs=task.epochs).to_dict()
    facts["forecasts"] = [forecast for forecast in facts["forecasts"] if forecast["optimizer"] in OPTIMIZERS]
    about = {
        "metric": workload.metric.name,
        "direction": workload.metric.direction,
        "test_rows": workload.dataset.test.rows,
    }
    coordinates = list(space_of(task, workload).distributions)
    return about | {"valid_rows": workload.dataset.valid.rows, "facts": facts, "coordinates": coordinates}


def _check_space(task: Task, workload: LoadedWorkload, about: Mapping[str, Any]) -> None:
    if about["coordinates"] != list(space_of(task, workload).distributions):
        raise BadValue(
            f"{task.name} was recorded when the search space was another, and its random recipes cannot be "
            f"drawn again; move {RUNS.name} and {FACTS.name} away to record it anew"
        )


def read_rows(table: Path) -> Rows:
    """Return the rows of a table by what they are of; none where there is no table yet."""
    if not table.exists():
        return {}
    with table.open(newline="") as file:
        return {
            (
                row["task"],
                row["optimizer"],
                int(row["recipe"]),
                int(row["seed"]),
                int(row["split"]),
            ): row
            for row in csv.DictReader(file)
        }


def _runs(
    task: Task,
    workloads: Mapping[int, LoadedWorkload],
    rows: Rows,
    optimizer: str,
    *,
    recipes: int,
    top: int,
) -> Iterator[tuple[Any, ...]]:
    """Yield the runs of one optimizer that are missing: every recipe, then the best of them again."""
    losses: dict[int, tuple[float, float]] = {}
    space = space_of(task, workloads[0])
    for index in range(recipes):
        recipe, key = recipe_of(task, space, optimizer, index), (task.name, optimizer, index, 0, 0)
        if key not in rows:
            row = _run(task, workloads[0], recipe, index=index, repeat=Repeat(seed=0))
            rows[key] = dict(zip(COLUMNS, map(str, row), strict=True))
            yield row
        if rows[key]["valid_metric"]:
            loss = workloads[0].metric.loss(float(rows[key]["valid_metric"]))
            losses[index] = loss, float(rows[key]["valid_loss"])
    for index in sorted(losses, key=losses.__getitem__)[:top]:
        for repeat in REPEATS:
            if (task.name, optimizer, index, repeat.seed, repeat.split) not in rows:
                recipe = recipe_of(task, space, optimizer, index)
                yield _run(task, workloads[repeat.split], recipe, index=index, repeat=repeat)


def _run(
    task: Task, workload: LoadedWorkload, recipe: Recipe, *, index: int, repeat: Repeat
) -> tuple[Any, ...]:
    """Train once; a run that diverged has no metric."""
    training = Training(recipe, workload, seed=repeat.seed)
    optimizer = recipe.optimizer
    unit = coordinates_of(optimizer)["optimizer.lr"]
    about = (
        task.name, optimizer.name(), index, repeat.seed, repeat.split, f"{optimizer.lr:.4g}", f"{unit:.3f}",
    )  # fmt: skip
    try:
        training.advance(task.epochs)
    except Diverged:
        return *about, "", "", "", f"{training.seconds:.3f}", ""
    best = min(
        (point for point in training.curve if point.valid_metric == training.quality),
        key=lambda point: point.valid_loss,
    )
    measured = f"{best.valid_metric:.6g}", f"{best.valid_loss:.6g}", f"{test_metric(training):.6g}"
    return *about, *measured, f"{training.seconds:.3f}", state_bytes(training.optimizer)


def test_metric(training: Training) -> float:
    """Return the metric of the best epoch's weights on the test rows."""
    training.restore_best()
    inputs, targets = tensors(training.workload.dataset, "test", training.device)
    return training.workload.score(outputs_of(training.model, inputs), targets)


if __name__ == "__main__":
    main()
