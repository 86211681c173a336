"""A dataset ready to train on: opened by name or path, split 60/20/20, turned into float32 as the training rows demand."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from studies import catalogue
from studies.datasets import DatasetChoice, Raw, Task
from studies.datasets.table import Table
from studies.errors import BadValue, BadWorkload, UnknownChoice, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from studies.splits import Split
    from studies.tables import Encoded


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Rows that train, validate or test."""

    inputs: NDArray[np.float32]
    """Shape (rows, *input_shape)."""
    targets: NDArray[np.int64] | NDArray[np.float32]
    """Class codes of the shape (rows,), or standardised numbers of the shape (rows, 1)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Three parts of one dataset and what is known of it."""

    name: str
    kind: str
    """table | image"""
    task: str
    """classification | regression"""
    train: Part
    valid: Part
    test: Part
    classes: tuple[str, ...]
    """Labels in the order of their codes; empty in regression."""
    feature_names: tuple[str, ...]
    """What each input column says; empty for images."""
    target_mean: float = 0.0
    target_scale: float = 1.0
    """A target in its own units is `target * target_scale + target_mean`."""
    missing_share: float
    """Share of the entries of the raw table that were missing."""
    digest: str
    """The first 16 hex digits of a SHA-256 over all arrays: the same digest, the same data and split."""
    notes: tuple[str, ...]
    """What was done to the data that its owner should know, in sentences."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Return the shape of one row."""
        return self.train.inputs.shape[1:]

    @property
    def outputs(self) -> int:
        """Return how many numbers a model puts out: one a class, or one."""
        return len(self.classes) or 1


def open_dataset(source: str, *, target: str | None = None, task: str = "auto", seed: int = 0) -> Dataset:
    """Open a built-in dataset by name, in any case of letters, or a table by its path.

    Raises:
        BadWorkload: data that cannot be trained on.
        UnknownChoice: neither a built-in name nor a path.
    """
    _check(task, seed)
    known = _built_ins()
    if choice := known.get(source.lower()):
        if target is not None:
            raise BadWorkload(f"dataset '{choice.name()}' is built in and knows its target; leave --target {target} out")
        return prepare(choice().load(), name=choice.name(), seed=seed, task=task)
    if not _is_path(source):
        near = did_you_mean(source, known)
        raise UnknownChoice(f"unknown dataset '{source}'{near} see: advisor list datasets, or give the path of a table")
    return prepare(Table(path=source, target=target or "").load(), name=Path(source).stem, seed=seed, task=task)


def prepare(raw: Raw, *, name: str, seed: int, task: str = "auto") -> Dataset:
    """Split the rows and turn them into numbers; all that is fitted is fitted on the training rows.

    Raises:
        BadWorkload: data that cannot be trained on.
        BadValue: a seed below 0.
    """
    from studies.splits import read_targets, split_rows

    _check(task, seed)
    notes = list(raw.notes)
    targets = read_targets(_target_column(raw), raw.task if task == "auto" else task, notes)
    split = split_rows(targets.codes, seed=seed)
    values, mean, scale = targets.for_training(split.train)
    encoded = _encode(raw, targets.rows, split)
    parts = {
        part: Part(inputs=encoded.inputs[rows], targets=values[rows])
        for part, rows in (("train", split.train), ("valid", split.valid), ("test", split.test))
    }
    return Dataset(
        name=name,
        kind=raw.kind,
        task="classification" if targets.classes else "regression",
        **parts,
        classes=targets.classes,
        feature_names=encoded.names,
        target_mean=mean,
        target_scale=scale,
        missing_share=encoded.missing_share,
        digest=_digest(parts.values()),
        notes=(*notes, *encoded.notes),
    )


def _check(task: str, seed: int) -> None:
    if task not in get_args(Task):
        raise BadWorkload(
            f"task '{task}' is not one of {', '.join(get_args(Task))}; leave it out to have it told from the target"
        )
    if seed < 0:
        raise BadValue(f"seed {seed} must be 0 or above")


def _built_ins() -> dict[str, type[DatasetChoice]]:
    found = catalogue.choices("dataset").items()
    return {name.lower(): choice for name, choice in found if issubclass(choice, DatasetChoice) and choice.offered}


def _is_path(source: str) -> bool:
    path = Path(source)
    return bool(path.suffix) or len(path.parts) > 1 or path.exists()


def _target_column(raw: Raw) -> pd.Series[Any]:
    import pandas as pd

    targets = raw.targets
    if isinstance(targets, np.ndarray):
        if targets.size != len(targets):
            raise BadWorkload(f"targets of the shape {targets.shape} are more than one a row; give one column")
        targets = pd.Series(targets.ravel())
    if len(targets) != len(raw.inputs):
        raise BadWorkload(f"{len(raw.inputs)} rows of inputs but {len(targets)} targets; give one target a row")
    return targets.reset_index(drop=True)


def _encode(raw: Raw, rows: NDArray[np.int64], split: Split) -> Encoded:
    """Encode the rows that have a target; the split counts only these."""
    from studies.tables import encode

    if raw.kind == "image":
        return _centre(np.asarray(raw.inputs)[rows], split.train)
    return encode(_frame(raw).iloc[rows], split.train)


def _frame(raw: Raw) -> pd.DataFrame:
    import pandas as pd

    frame = raw.inputs
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2:
            raise BadWorkload(
                f"a table of the shape {frame.shape} has not two dimensions, rows and columns; give it as (rows, columns)"
            )
        frame = pd.DataFrame(frame, columns=list(raw.feature_names) or [f"x{number}" for number in range(frame.shape[1])])
    names = [" ".join(str(name).split()) for name in frame.columns]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadWorkload(f"more than one column is named '{twice[0]}'; give each column its own name")
    return frame.set_axis(names, axis="columns").reset_index(drop=True)


def _centre(images: NDArray[Any], train: NDArray[np.int64]) -> Encoded:
    from studies.tables import Encoded

    if images.ndim != 4:
        raise BadWorkload(f"images of the shape {images.shape} are not (rows, channels, height, width); reshape them")
    pixels = images.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise BadWorkload("the images hold missing or infinite pixels; remove these images or fill them in")
    mean, deviation = pixels[train].mean(dtype=np.float64), pixels[train].std(dtype=np.float64)
    inputs = ((pixels - mean) / (deviation or 1.0)).astype(np.float32)
    return Encoded(inputs=inputs, names=(), missing_share=0.0, notes=())


def _digest(parts: Iterable[Part]) -> str:
    sha = hashlib.sha256()
    for part in parts:
        for array in (part.inputs, part.targets):
            sha.update(f"{array.dtype}{array.shape}".encode())
            sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()[:16]
