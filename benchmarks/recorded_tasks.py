"""Recorded tasks: the small studies that `benchmarks.record_advice` trains, and those seen once, last."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import made_up
from studies import catalogue
from studies.data.dataset import Dataset, Part
from studies.data.opening import open_dataset
from studies.loaded_workload import LoadedWorkload
from studies.metrics import metric

FOLDER: Final = Path(__file__).parent
RUNS: Final = FOLDER / "advice_runs.csv.gz"
FACTS: Final = FOLDER / "advice_facts.json"
CONFIRM_SEEDS: Final = (1, 2, 3)
TRUTH_SEEDS: Final = (4, 5, 6, 7, 8, 9)
TEST_ROWS: Final = 2000
MADE_UP: Final[Mapping[str, Callable[[], Dataset]]] = {
    make.__name__: make
    for make in (
        made_up.topics,
        made_up.chains,
        made_up.clusters,
        made_up.crosses,
        made_up.impedance,
        made_up.radius,
        made_up.waves,
        made_up.autompg,
        made_up.yeast,
    )
}
"""Data that no `advisor list datasets` names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One small study."""

    source: str
    """A built-in dataset, or one of `MADE_UP`."""
    model: str
    fields: dict[str, Any] = field(default_factory=dict)
    train: int
    valid: int
    epochs: int
    held_out: bool = False
    """Whether no constant may be chosen by it: a third of the tasks, drawn before any was trained."""
    unseen: bool = False
    """Whether it was looked at once, after everything was chosen."""

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

UNSEEN: Final = (
    Task(source="clusters", model="Linear", train=300, valid=150, epochs=18, unseen=True),
    Task(source="autompg", model="MLP", train=160, valid=80, epochs=36, unseen=True),
    Task(source="radius", model="MLP", train=400, valid=200, epochs=18, unseen=True),
    Task(source="yeast", model="MLP", train=300, valid=150, epochs=12, unseen=True),
    Task(
        source="impedance",
        model="TabularResNet",
        fields={"width": 24},
        train=250,
        valid=100,
        epochs=12,
        unseen=True,
    ),
    Task(source="waves", model="Conv1D", fields={"channels": 8}, train=300, valid=150, epochs=6, unseen=True),
    Task(source="crosses", model="CNN", fields={"channels": 8}, train=300, valid=150, epochs=9, unseen=True),
    Task(
        source="chains",
        model="Transformer",
        fields={"width": 16, "depth": 1},
        train=400,
        valid=200,
        epochs=9,
        unseen=True,
    ),
)

MODELS: Final = ("Linear", "MLP", "Conv1D", "TabularResNet", "Bag", "Transformer", "CNN")
"""In the order they are trained in, so that an unfinished table holds as many tasks as may be."""
IN_ORDER: Final = tuple(sorted((*TASKS, *UNSEEN), key=lambda task: MODELS.index(task.model)))


def open_workload(task: Task, split: int = 0) -> LoadedWorkload:
    """Return the task's data and model; at most 2,000 of the rows left test it.

    Args:
        task: what to open.
        split: which rows train and which validate, drawn anew for each number; the test rows stay.
    """
    dataset = MADE_UP[task.source]() if task.source in MADE_UP else open_dataset(task.source)
    inputs = np.concatenate([part.inputs for part in (dataset.train, dataset.valid, dataset.test)])
    targets = np.concatenate([part.targets for part in (dataset.train, dataset.valid, dataset.test)])
    order = np.random.default_rng(zlib.crc32(task.name.encode())).permutation(len(targets))
    pool = task.train + task.valid
    if split:
        chance = np.random.default_rng([zlib.crc32(task.name.encode()), split])
        order[:pool] = chance.permutation(order[:pool])
    cuts = (0, task.train, pool, pool + TEST_ROWS)
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
