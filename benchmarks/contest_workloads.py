"""Workloads of the contest: small data with a model, a metric and the epochs of a whole run.

Data and split are written to a file, which all contestants read: rows that train, validate and test, with
inputs scaled by the rows that train.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from benchmarks.contest_rows import Failed

if TYPE_CHECKING:
    from studies.data.dataset import Dataset

TARGETS: Final = Path(__file__).with_name("contest_targets.csv")
TEST_ROWS: Final = 2000
ROWS: Final = 4000
MODELS: Final = Path(__file__).with_name("contest_models.py")
PARTS: Final = ("train", "valid", "test")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One workload: what is trained on what, and for how long."""

    name: str
    """A dataset that ships, or a function here or in `benchmarks.made_up`."""
    model: str
    """A function of `benchmarks.contest_models`."""
    kind: str
    task: str = "classification"
    metric: str = "accuracy"
    train: int
    valid: int
    epochs: int
    unseen: bool = False
    """Whether nothing of the search was ever chosen by it."""

    @property
    def sign(self) -> int:
        """Return 1 where more of the metric is better, else -1."""
        return 1 if self.metric == "accuracy" else -1

    def reaches(self, quality: float | None, target: float) -> bool:
        """Tell whether a quality is as good as a target, to the digits that targets are written with."""
        return quality is not None and self.sign * quality >= self.sign * target - ROUNDED * max(1.0, target)


ROUNDED: Final = 1e-6
"""Part of a target that its six digits may leave out: 589 of 600 rows are written as .981667."""
PROBLEMS: Final = (
    Problem(name="image_segments", model="table", kind="table", train=1000, valid=600, epochs=18),
    Problem(
        name="arm",
        model="table",
        kind="table",
        task="regression",
        metric="rmse",
        train=1000,
        valid=500,
        epochs=27,
    ),
    Problem(name="digits", model="image", kind="image", train=500, valid=800, epochs=18),
    Problem(name="signals", model="signal", kind="signal", train=1200, valid=800, epochs=9),
    Problem(name="topics", model="text", kind="text", train=900, valid=700, epochs=18),
    Problem(name="yeast", model="table", kind="table", train=1000, valid=700, epochs=18, unseen=True),
)
BY_NAME: Final = {problem.name: problem for problem in PROBLEMS}


def write_data(problem: Problem, seed: int, folder: Path) -> Path:
    """Write the rows of a split to `NAME-SEED.npz` and return its path; one that is there stays."""
    path = folder / f"{problem.name}-{seed}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(
            f".{uuid4().hex}.npz"
        )  # another contestant may write it at the same time
        np.savez(unfinished, kind=problem.kind, **_arrays(problem, seed))
        unfinished.rename(path)
    return path


def _arrays(problem: Problem, seed: int) -> dict[str, NDArray[Any]]:
    dataset = _open(problem.name)
    parts = (dataset.train, dataset.valid, dataset.test)
    inputs = np.concatenate([part.inputs for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    order = np.random.default_rng([1601, seed]).permutation(len(targets))
    pool = problem.train + problem.valid
    cuts = np.split(order, [problem.train, pool, pool + TEST_ROWS])[:3]
    if problem.kind != "text":
        channels = (0, *range(2, inputs.ndim))
        mean, deviation = (
            figure(inputs[cuts[0]], axis=channels, keepdims=True) for figure in (np.mean, np.std)
        )
        inputs = ((inputs - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
    arrays = {}
    for part, rows in zip(PARTS, cuts, strict=True):
        arrays |= {f"X_{part}": inputs[rows], f"y_{part}": targets[rows].squeeze()}
    return arrays


@cache
def _open(name: str) -> Dataset:
    from benchmarks import made_up
    from studies.data.opening import open_dataset

    make: Callable[[], Dataset] | None = getattr(made_up, name, arm if name == "arm" else None)
    return make() if make else open_dataset(name)


def arm() -> Dataset:
    """Return arms of four joints: their angles and lengths, and how far the hand is from the shoulder."""
    from studies.data.opening import from_arrays

    chance = np.random.default_rng(1602)
    turns = chance.uniform(-np.pi / 2, np.pi / 2, (ROWS, 4))
    lengths = chance.uniform(0.5, 1.5, (ROWS, 4))
    hands = (lengths * np.exp(1j * turns.cumsum(axis=1))).sum(axis=1)
    targets = np.abs(hands) + 0.02 * chance.normal(size=ROWS)
    inputs = np.concatenate([turns, lengths], axis=1)
    return from_arrays((inputs, targets), kind="table", task="regression", name="arm")


@cache
def _targets() -> dict[tuple[str, int], tuple[float, float]]:
    with TARGETS.open(newline="") as file:
        return {
            (row["workload"], int(row["seed"])): (float(row["best of 16"]), float(row["best of 64"]))
            for row in csv.DictReader(file)
        }


def targets_of(problem: Problem, seed: int) -> tuple[float, float]:
    """Return the best validation metric of 16 and of 64 random whole runs, as they were recorded.

    Raises:
        Failed: none was recorded for that seed.
    """
    targets = _targets().get((problem.name, seed))
    if targets is None:
        raise Failed(
            f"no targets of {problem.name} with seed {seed}; seeds "
            f"{', '.join(str(number) for name, number in _targets() if name == problem.name) or 'none'} "
            "have them, and python -m benchmarks.contest_targets records more"
        )
    return targets
