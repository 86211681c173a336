"""Dataset: data opened by name or path, split 60/20/20 and turned into float32.

All that is fitted for that is fitted on the training rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from studies import catalogue
from studies.data.as_given import bytes_of
from studies.data.fresh import FreshRows, fresh_rows
from studies.data.inputs import Inputs
from studies.data.mapped_rows import MappedRows
from studies.data.raw import (
    columns_across,
    encode_raw,
    split_by_column,
    split_of,
    targets_of,
    validation_given,
)
from studies.data.split_views import parts_of
from studies.datasets import DatasetChoice, Raw, Task
from studies.datasets.files import Place, expanded
from studies.datasets.table import AUTO, Table
from studies.errors import BadValue, BadWorkload, UnknownChoice, did_you_mean, shown
from studies.rows.free import OWN
from studies.rows.nested import NestedRows, leaves_of

if TYPE_CHECKING:
    from studies.column_reading import ColumnReading
    from studies.data.columns.table_encoder import TableEncoder
    from studies.data.splits import Split, Targets
    from studies.data.target_encoder import TargetEncoder
    from studies.split_by import SplitBy
    from studies.split_facts import DateColumn, KeyColumn

REDRAWN_ROWS: Final = 10_000
"""Validation rows above which one split is as good as several: of w wrong rows a recipe has a fifth to
itself, so the log of its loss varies by sqrt(0.2 / w) with the rows that validate; from 500 wrong rows on,
5 % of so many, that is below the 2 % that matter to nobody."""
REDRAWN_BYTES: Final = 2**28
"""Inputs larger than this are not encoded a second time: each split that is in use takes as much again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Rows that train, validate or test."""

    inputs: Any
    """Shape (rows, *input_shape); token ids are int64, a sparse table is in compressed rows of float32.
    Several inputs a row are nested rows."""
    targets: Any
    """Class codes of the shape (rows,), or standardised numbers of the shape (rows, outputs). For an own loss
    an array of any shape, or nested rows."""

    @property
    def rows(self) -> int:
        """Return how many rows there are; `len` would not do for sparse ones."""
        return len(self.targets)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Three parts of one dataset and what is known of it."""

    name: str
    kind: str
    """table | image | text | signal | mixed: several inputs a row"""
    task: str
    """classification | regression | own: targets of any form, for a loss of the user's own"""
    reading: str = ""
    """How the shape of an array was taken, to be taken so again; empty where there is one way."""
    other_readings: tuple[str, ...] = ()
    """The other ways it can be taken, most likely first."""
    train: Part
    valid: Part
    test: Part
    classes: tuple[str, ...]
    """Labels in the order of their codes; empty in regression."""
    feature_names: tuple[str, ...]
    """What each input column says; empty for all but dense tables."""
    target_mean: float | NDArray[np.float64] = 0.0
    target_scale: float | NDArray[np.float64] = 1.0
    """A target in its own units is `target * target_scale + target_mean`; arrays where there are several a
    row."""
    vocabulary: int = 0
    """Of text: the largest token id there can be."""
    missing_share: float
    """Share of the entries of the raw table that were missing."""
    raw_density: float | None = None
    """Share of the training rows' entries that were not zero as they came; None for text."""
    centre_sparse: bool = False
    """Whether sparse inputs were centred too, as studies of earlier versions were encoded."""
    digest: str
    """The first 16 hex digits of a SHA-256 over all arrays: the same digest, the same data and split."""
    notes: tuple[str, ...]
    """What was done to the data that its owner should know, in sentences."""
    split_way: str = "random"
    """random | given: the parts came with the data | time | group | split: by that column"""
    split_column: str = ""
    dates: tuple[DateColumn, ...] = ()
    """Columns of dates that a random split runs across."""
    keys: tuple[KeyColumn, ...] = ()
    """Columns whose values name groups of rows that a random split runs across."""
    fresh: FreshRows | None = field(default=None, repr=False)
    """Where training reads its rows anew in every epoch, or draws them by a sampler; all else is done on the
    rows here, which were read once."""
    encoder: TableEncoder | None = field(default=None, repr=False)
    """Turns rows of the table, new ones too, into inputs; None for all but dense tables and text."""
    target_encoder: TargetEncoder | None = field(default=None, repr=False)
    """Turns targets into those trained on."""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became; empty for all but dense tables and text."""
    redraw: Callable[[int], Dataset] | None = field(default=None, repr=False)
    """Draws by a seed which rows train and which validate, and encodes them anew; those that test stay. None
    where the validation rows came with the data, or are so many that other ones would say the same."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Return the shape of one row."""
        return tuple(self.train.inputs.shape[1:])

    @property
    def free(self) -> bool:
        """Tell whether its targets are for an own loss, in a form of their own."""
        return self.task == OWN

    @property
    def inputs(self) -> Inputs:
        """Return the form of one row."""
        sparse = not isinstance(self.train.inputs, np.ndarray | NestedRows | MappedRows)
        return Inputs(kind=self.kind, shape=self.input_shape, vocabulary=self.vocabulary, sparse=sparse)

    @property
    def outputs(self) -> int:
        """Return how many numbers a model puts out: one a class, or one a target; 0 where nothing tells."""
        if self.free and not self.countable:
            return 0
        return len(self.classes) or int(self.train.targets.shape[1])

    @property
    def countable(self) -> bool:
        """Tell whether a row's targets are a plain row of numbers, so that a model has as many outputs."""
        targets = self.train.targets
        return isinstance(targets, np.ndarray) and targets.ndim == 2 and targets.dtype.kind in "fb"


def open_dataset(  # noqa: PLR0913 - what a command line says of its data
    source: str,
    *,
    target: str | None = None,
    task: str = "auto",
    seed: int = 0,
    centre_sparse: bool = False,
    split_by: SplitBy | None = None,
    kind: str | None = None,
    missing: tuple[str, ...] = (),
    metric: str | None = None,
) -> Dataset:
    """Open a built-in dataset by name, in any case of letters, or a file or a folder of images by its path.

    Args:
        source: name or path.
        target: the target column of a table.
        task: auto, classification or regression.
        seed: of the split.
        centre_sparse: whether sparse inputs are centred too, as studies of earlier versions were encoded.
        split_by: the column of a table that the split goes by; None for a random one.
        kind: table, image, text or signal; None tells it from the data, "" as versions did that wrote none.
        missing: words of a table that mean a gap, beside an empty field.
        metric: the metric, whose task decides where neither `task` nor the data does.

    Raises:
        BadWorkload: data that cannot be trained on.
        UnknownChoice: neither a built-in name nor a path.
    """
    _check(task, seed)
    known = built_ins()
    if choice := known.get(source.lower()):
        if target is not None:
            raise BadWorkload(
                f"dataset '{choice.name()}' is built in and knows its target; leave --target {target} out"
            )
        if kind:
            raise BadWorkload(
                f"dataset '{choice.name()}' is built in and knows its kind; leave --kind {kind} out"
            )
        raw = replace(choice().load(), centre_sparse=centre_sparse)
        return prepare(raw, name=choice.name(), seed=seed, task=task, split_by=split_by, metric=metric)
    if not _is_path(source):
        near = did_you_mean(source[:80], known)
        raise UnknownChoice(
            f"unknown dataset {shown(source)}{near} See: advisor list datasets, or give the path of a table"
        )
    name = expanded(source).resolve().name if _is_folder(source) else Place.of(source).name
    table = Table(path=source, target=target or "", read_as=AUTO if kind is None else kind)
    raw = replace(table.load(), centre_sparse=centre_sparse, missing=missing)
    return prepare(raw, name=name, seed=seed, task=task, split_by=split_by, metric=metric)


def from_arrays(  # noqa: PLR0913 - what code says of its data
    train: Any,
    valid: Any = None,
    test: Any = None,
    *,
    task: str = "auto",
    kind: str | None = None,
    seed: int = 0,
    name: str = "data",
    centre_sparse: bool = False,
    split_by: SplitBy | None = None,
    steps_per_epoch: int | None = None,
    free: bool | None = False,
    missing: tuple[str, ...] = (),
    metric: str | None = None,
) -> Dataset:
    """Take data from memory; parts that are given are kept as they are, others are drawn from `train`.

    Args:
        train: (inputs, targets) as arrays, tensors, pandas objects or sparse rows; a torch Dataset or
            DataLoader; a DataFrame or a Hugging Face dataset with a column called label, labels, target,
            targets or y. Inputs may be a dict or a tuple of arrays.
        valid: the same, to validate on.
        test: the same, for the last word.
        task: auto, classification or regression.
        kind: table, image, text or signal; None tells it from the shape, "" as versions did that wrote none.
        seed: of the rows drawn.
        name: what to call the data.
        centre_sparse: as in `open_dataset`.
        split_by: a column of the inputs that the split goes by, where no parts are given.
        steps_per_epoch: where `train` is a stream that is not read to its end.
        free: whether the targets are for an own loss, as they came; None where they are no classes.
        missing: words of a table that mean a gap, beside an empty field.
        metric: as in `open_dataset`.

    Raises:
        BadWorkload: data that cannot be trained on.
    """
    from studies.datasets.files.arrays import gather

    raw = gather((train, valid, test), kind=kind, free=free, steps=steps_per_epoch)
    raw = replace(raw, centre_sparse=centre_sparse, missing=missing)
    return prepare(raw, name=name, seed=seed, task=task, split_by=split_by, metric=metric)


def prepare(
    raw: Raw,
    *,
    name: str,
    seed: int,
    task: str = "auto",
    split_by: SplitBy | None = None,
    metric: str | None = None,
) -> Dataset:
    """Split the rows and turn them into numbers; all that is fitted is fitted on the training rows.

    Raises:
        BadWorkload: data that cannot be trained on.
        BadValue: a seed below 0.
    """
    _check(task, seed)
    raw = split_by_column(raw, split_by)
    notes = list(raw.notes)
    targets = _targets(raw, raw.task if task == "auto" else task, metric, notes)
    split = split_of(raw, targets, seed, notes)
    dataset = _encoded(raw, targets, split, name=name, notes=notes)
    if validation_given(raw) or len(split.valid) > REDRAWN_ROWS or _bytes(dataset) > REDRAWN_BYTES:
        return dataset

    def redraw(split_seed: int) -> Dataset:
        from studies.data.splits import redraw_rows

        rows = redraw_rows(split, targets.codes, seed=split_seed)
        return _encoded(raw, targets, rows, name=name, notes=notes)

    return replace(dataset, redraw=redraw)


def _targets(raw: Raw, task: str, metric: str | None, notes: list[str]) -> Targets:
    """Return the targets; where neither the user nor the data names the task, the metric does."""
    from studies.data.target_column import AS_CLASSES
    from studies.metrics import metric_task

    if task != "auto" or (task_of_metric := metric_task(metric)) is None:
        return targets_of(raw, task, notes)
    try:
        targets = targets_of(raw, task_of_metric, notes)
    except BadWorkload as error:
        other_metric = f"{metric} is a metric of it; use one for classes, such as --metric accuracy"
        raise BadWorkload(str(error).replace(AS_CLASSES, other_metric)) from error
    if targets.may_be_either:
        notes.append(f"Took the target for {task_of_metric}, as {metric} is a metric of that.")
    return targets


@lru_cache(maxsize=4)
def redrawn(dataset: Dataset, split_seed: int) -> Dataset | None:
    """Return the dataset with other rows to train and to validate, the same ones for the same seed.

    None where it has but one split, or where the rows drawn cannot be trained on. The last few are cached,
    since every finalist is trained on the same.
    """
    if dataset.redraw is None:
        return None
    try:
        return dataset.redraw(split_seed)
    except BadWorkload:
        return None


def _encoded(raw: Raw, targets: Targets, split: Split, *, name: str, notes: Iterable[str]) -> Dataset:
    """Encode the rows, all that is fitted for that on those that train."""
    values, mean, scale = targets.for_training(split.train)
    encoded = encode_raw(raw, targets.rows, split)
    values = encoded.inputs if values is None else values
    dates, keys = columns_across(raw, encoded.table, targets, split)
    inputs = parts_of(encoded.inputs, split)
    train, valid, test = (
        _part(part, None if values is encoded.inputs else values[rows])
        for part, rows in zip(inputs, (split.train, split.valid, split.test), strict=True)
    )
    fresh, fresh_notes = fresh_rows(raw, targets, split, encoded, (mean, scale))
    return Dataset(
        name=name,
        kind=encoded.kind,
        task=OWN if targets.free else "classification" if targets.classes else "regression",
        reading=raw.reading,
        other_readings=raw.other_readings,
        train=train,
        valid=valid,
        test=test,
        classes=targets.classes,
        feature_names=encoded.names,
        target_mean=mean,
        target_scale=scale,
        vocabulary=encoded.vocabulary,
        missing_share=encoded.missing_share,
        raw_density=encoded.raw_density,
        centre_sparse=raw.centre_sparse,
        digest=_digest((train, valid, test), repeatable=raw.live is None or raw.live.repeatable),
        notes=(*notes, *encoded.notes, *fresh_notes),
        fresh=fresh,
        split_way=raw.split_way,
        split_column=raw.split_column,
        dates=dates,
        keys=keys,
        encoder=encoded.encoder,
        target_encoder=targets.encoder(split.train),
        columns=encoded.columns,
    )


def _part(inputs: Any, targets: Any) -> Part:
    """Return some rows; inputs that are their own targets, which are then None, are there once."""
    return Part(inputs=inputs, targets=inputs if targets is None else targets)


def _bytes(dataset: Dataset) -> int:
    """Return the bytes of the inputs, sparse ones as they lie."""
    return sum(bytes_of(part.inputs) for part in (dataset.train, dataset.valid, dataset.test))


def _check(task: str, seed: int) -> None:
    if task not in get_args(Task):
        raise BadWorkload(
            f"task {shown(task)} is not one of {', '.join(get_args(Task))}; "
            "leave it out to have it told from the target"
        )
    if seed < 0:
        raise BadValue(f"seed {seed} must be 0 or above")


def built_ins() -> dict[str, type[DatasetChoice]]:
    """Return the datasets that can be opened by name, by that name in small letters."""
    choices = catalogue.choices("dataset").items()
    return {
        name.lower(): choice
        for name, choice in choices
        if issubclass(choice, DatasetChoice) and choice.offered
    }


def _is_path(source: str) -> bool:
    path = Path(source)
    if Place.of(source).ending or path.suffix or len(path.parts) > 1:
        return True
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long for any file, or with a zero byte in it
        return False


def _is_folder(source: str) -> bool:
    try:
        return expanded(source).is_dir()
    except (OSError, ValueError):
        return False


def _looked_at(part: Part) -> Any:
    return part.inputs.some() if isinstance(part.inputs, MappedRows) else part.inputs


def _digest(parts: Iterable[Part], *, repeatable: bool = True) -> str:
    """Return a digest of all arrays; of their shapes alone where no seed makes two readings alike."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part.inputs, MappedRows):  # some rows stand for a file that may be larger than memory
            sha.update(f"{part.inputs.shape}".encode())
        for values in (*leaves_of(_looked_at(part)), *leaves_of(part.targets)):
            if not repeatable:
                sha.update(f"{values.dtype}{values.shape}".encode())
                continue
            arrays = (
                (values,) if isinstance(values, np.ndarray) else (values.data, values.indices, values.indptr)
            )
            for array in arrays:
                sha.update(f"{array.dtype}{array.shape}".encode())
                sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()[:16]
