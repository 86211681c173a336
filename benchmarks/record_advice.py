"""Recorded studies: train what `benchmarks.advice` replays, once, and keep the table beside it.

    python -m benchmarks.record_advice [--to FILE]

Half an hour of one core; started again, it goes on where it stopped.

24 tasks on data that ships with packages, six optimizers, 16 recipes each: the optimizer's reference recipe
and 15 random ones, all from one seed. The three that validate best are trained six times more: three seeds
for confirmation, three for the truth. Every run keeps its validation and its test metric; the test rows are
many and serve nothing else.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from studies import catalogue
from studies.data.dataset import Dataset, Part, from_arrays, open_dataset
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.metrics import metric
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.search.search_space import SearchSpace
from studies.space import Numeric
from studies.train import Training

FOLDER: Final = Path(__file__).parent
RUNS: Final = FOLDER / "advice_runs.csv.gz"
FACTS: Final = FOLDER / "advice_facts.json"
OPTIMIZERS: Final = ("AdamW", "Adagrad", "Lion", "NAdamW", "Nesterov", "RMSprop")
RECIPES: Final = 16
TOP: Final = 3
CONFIRM_SEEDS: Final = (1, 2, 3)
TRUTH_SEEDS: Final = (4, 5, 6)
TEST_ROWS: Final = 2000
COLUMNS: Final = (
    "task", "optimizer", "recipe", "seed", "lr", "lr_unit",
    "valid_metric", "valid_loss", "test_metric", "seconds", "state_bytes",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One small study."""

    source: str
    """A built-in dataset, or `topics`: which page of Python's manual 30 words are from."""
    model: str
    fields: dict[str, Any] = field(default_factory=dict)
    train: int
    valid: int
    epochs: int
    held_out: bool = False
    """Whether no constant may be chosen by it: a third of the tasks, drawn before any was trained."""

    @property
    def name(self) -> str:
        """Return what the task is called in the table."""
        return f"{self.source}-{self.model}-{self.train}"


TASKS: Final = (
    Task(source="digits", model="MLP", train=600, valid=200, epochs=18),
    Task(source="bananas", model="MLP", train=400, valid=200, epochs=18),
    Task(source="friedman", model="MLP", train=500, valid=200, epochs=18, held_out=True),
    Task(source="breast_cancer", model="Linear", train=200, valid=100, epochs=18),
    Task(source="digits", model="CNN", train=400, valid=200, epochs=12),
    Task(source="phishing", model="MLP", train=500, valid=200, epochs=18, held_out=True),
    Task(source="image_segments", model="MLP", train=600, valid=200, epochs=18),
    Task(source="diabetes", model="Linear", train=200, valid=80, epochs=36),
    Task(source="signals", model="Conv1D", train=400, valid=200, epochs=6, held_out=True),
    Task(
        source="topics", model="Bag", fields={"sparse": False, "width": 32}, train=600, valid=200, epochs=12
    ),
    Task(source="shuttle", model="MLP", train=800, valid=300, epochs=9),
    Task(source="mnist5000", model="Linear", train=600, valid=300, epochs=18, held_out=True),
    Task(source="wine", model="MLP", train=80, valid=40, epochs=36),
    Task(source="friedman", model="TabularResNet", fields={"width": 32}, train=300, valid=150, epochs=18),
    Task(
        source="bananas",
        model="TabularResNet",
        fields={"width": 32, "norm": "none"},
        train=600,
        valid=300,
        epochs=18,
        held_out=True,
    ),
    Task(source="mnist5000", model="MLP", train=600, valid=300, epochs=6),
    Task(source="iris", model="Linear", train=60, valid=40, epochs=54),
    Task(source="digits", model="Linear", train=300, valid=150, epochs=18, held_out=True),
    Task(source="image_segments", model="Linear", train=400, valid=300, epochs=18),
    Task(
        source="phishing",
        model="TabularResNet",
        fields={"width": 32, "norm": "layer"},
        train=400,
        valid=150,
        epochs=9,
    ),
    Task(source="diabetes", model="MLP", train=150, valid=80, epochs=18, held_out=True),
    Task(source="breast_cancer", model="MLP", train=150, valid=150, epochs=18),
    Task(
        source="signals",
        model="Conv1D",
        fields={"norm": "none", "channels": 16},
        train=600,
        valid=300,
        epochs=6,
    ),
    Task(source="shuttle", model="Linear", train=300, valid=200, epochs=18, held_out=True),
)

COSTLY: Final = ("MLP", "TabularResNet", "Bag", "Conv1D", "CNN")
"""Models in the order they are trained in, so that an unfinished table holds as many tasks as may be."""

Key = tuple[str, str, int, int]


def main() -> None:
    """Train whatever is missing, then pack the table."""
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--to", type=Path, default=FOLDER / "advice_runs.csv", help="the growing table")
    options = parser.parse_args()
    if RUNS.exists() and not options.to.exists():
        options.to.write_bytes(gzip.decompress(RUNS.read_bytes()))
    grow(options.to)
    with options.to.open("rb") as plain, gzip.GzipFile(RUNS, "wb", mtime=0) as packed:
        packed.write(plain.read())
    print(f"{RUNS.name}: {RUNS.stat().st_size:,} bytes")


def grow(path: Path) -> None:
    """Append every run that is not in the table yet; facts of the tasks go beside the packed table."""
    rows = _read(path)
    facts: dict[str, Any] = json.loads(FACTS.read_text()) if FACTS.exists() else {}
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if not rows:
            writer.writerow(COLUMNS)
        for task in sorted(TASKS, key=lambda task: COSTLY.index(task.model) if task.model in COSTLY else -1):
            workload = open_workload(task)
            if task.name not in facts:
                facts[task.name] = _facts(task, workload)
                FACTS.write_text(json.dumps(facts) + "\n")
            for row in _runs(task, workload, rows):
                writer.writerow(row)
                file.flush()
            print(task.name, flush=True)


def space_of(task: Task, workload: LoadedWorkload) -> SearchSpace:
    """Return the recipes that the random ones are drawn from, by the ranges of the search itself."""
    reference = min(32, workload.rows)
    return SearchSpace(
        optimizers=tuple(catalogue.find("optimizer", name) for name in OPTIMIZERS),  # type: ignore[misc]
        schedules=tuple(catalogue.find("schedule", name) for name in ("Cosine", "Constant", "Step")),  # type: ignore[misc]
        regularizers=tuple(catalogue.find("regularizers", name) for name in ("WeightDecay", "Dropout")),  # type: ignore[misc]
        batch_size=Numeric(
            low=reference // 2, high=4 * reference, default=reference, scale="log", whole=True
        ),
        rows=workload.rows,
        model=workload.model,
        epochs=task.epochs,
    )


def recipe_of(task: Task, space: SearchSpace, optimizer: str, index: int) -> Recipe:
    """Return recipe number `index` of an optimizer: the reference recipe, then uniform draws."""
    from optuna.distributions import CategoricalDistribution

    if index == 0:
        return space.reference(catalogue.find("optimizer", optimizer))  # type: ignore[arg-type]
    chance = random.Random(zlib.crc32(f"{task.name}/{optimizer}/{index}".encode()))  # noqa: S311 - a draw
    point = {
        name: chance.choice(span.choices)
        if isinstance(span, CategoricalDistribution)
        else chance.uniform(-1, 1)
        for name, span in space.distributions.items()
    }
    return space.recipe(point | {"optimizer": optimizer})


def open_workload(task: Task) -> LoadedWorkload:
    """Return the task's data and model; at most 2,000 of the rows left test it."""
    dataset = _topics() if task.source == "topics" else open_dataset(task.source)
    inputs = np.concatenate([part.inputs for part in (dataset.train, dataset.valid, dataset.test)])
    targets = np.concatenate([part.targets for part in (dataset.train, dataset.valid, dataset.test)])
    order = np.random.default_rng(zlib.crc32(task.name.encode())).permutation(len(targets))
    cuts = (0, task.train, task.train + task.valid, task.train + task.valid + TEST_ROWS)
    train, valid, test = (
        Part(inputs=inputs[order[start:end]], targets=targets[order[start:end]])
        for start, end in pairwise(cuts)
    )
    model: Any = catalogue.find("model", task.model).from_fields(task.fields)
    return LoadedWorkload(
        dataset=replace(dataset, train=train, valid=valid, test=test),
        model=model,
        metric=metric(None, dataset.task),
    )


def _topics() -> Dataset:
    """Return pieces of 30 words of the eight longest pages of Python's own manual, as token ids."""
    from pydoc_data.topics import topics

    pages = sorted(sorted(topics.items()), key=lambda item: -len(item[1].split()))[:8]
    pieces = [
        (words[start : start + 30], label)
        for label, (_, text) in enumerate(pages)
        for words in [text.lower().split()]
        for start in range(0, len(words) - 30, 15)
    ]
    vocabulary = {
        word: i for i, word in enumerate(sorted({word for words, _ in pieces for word in words}), start=1)
    }
    ids = np.array([[vocabulary[word] for word in words] for words, _ in pieces])
    return from_arrays(
        (ids, np.array([label for _, label in pieces])), kind="text", task="classification", name="topics"
    )


def _facts(task: Task, workload: LoadedWorkload) -> dict[str, Any]:
    facts = profile(workload, batch_size=min(32, workload.rows), epochs=task.epochs).to_dict()
    facts["forecasts"] = [forecast for forecast in facts["forecasts"] if forecast["optimizer"] in OPTIMIZERS]
    about = {
        "metric": workload.metric.name,
        "direction": workload.metric.direction,
        "test_rows": workload.dataset.test.rows,
    }
    return about | {"valid_rows": workload.dataset.valid.rows, "facts": facts}


def _read(path: Path) -> dict[Key, dict[str, str]]:
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {
            (row["task"], row["optimizer"], int(row["recipe"]), int(row["seed"])): row
            for row in csv.DictReader(file)
        }


def _runs(task: Task, workload: LoadedWorkload, rows: dict[Key, dict[str, str]]) -> Iterator[tuple[Any, ...]]:
    space = space_of(task, workload)
    for optimizer in OPTIMIZERS:
        losses: dict[int, tuple[float, float]] = {}
        for index in range(RECIPES):
            key = (task.name, optimizer, index, 0)
            if key not in rows:
                row = _run(task, workload, recipe_of(task, space, optimizer, index), index=index, seed=0)
                rows[key] = dict(zip(COLUMNS, map(str, row), strict=True))
                yield row
            if rows[key]["valid_metric"]:
                losses[index] = (
                    workload.metric.loss(float(rows[key]["valid_metric"])),
                    float(rows[key]["valid_loss"]),
                )
        for index in sorted(losses, key=losses.__getitem__)[:TOP]:
            for seed in (*CONFIRM_SEEDS, *TRUTH_SEEDS):
                if (task.name, optimizer, index, seed) not in rows:
                    yield _run(
                        task, workload, recipe_of(task, space, optimizer, index), index=index, seed=seed
                    )


def _run(task: Task, workload: LoadedWorkload, recipe: Recipe, *, index: int, seed: int) -> tuple[Any, ...]:
    """Train once; a run that diverged has no metric."""
    from studies.measure.model import state_bytes

    optimizer = recipe.optimizer
    training = Training(recipe, workload, seed=seed)
    unit = space_of(task, workload).units(recipe)["optimizer.lr"]
    about = (task.name, optimizer.name(), index, seed, f"{optimizer.lr:.4g}", f"{unit:.3f}")
    try:
        training.advance(task.epochs)
    except Diverged:
        return *about, "", "", "", f"{training.seconds:.3f}", ""
    best = next(point for point in training.curve if point.valid_metric == training.quality)
    measured = f"{best.valid_metric:.6g}", f"{best.valid_loss:.6g}", f"{training.test_quality():.6g}"
    return *about, *measured, f"{training.seconds:.3f}", state_bytes(training.optimizer)


if __name__ == "__main__":
    main()
