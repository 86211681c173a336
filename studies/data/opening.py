"""Opening of data: by the name of a dataset, by a path, or from arrays in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies import catalogue
from studies.data.dataset import Dataset
from studies.data.prepare import check, prepare
from studies.datasets import DatasetChoice
from studies.datasets.files import Place, expanded, holds
from studies.datasets.table import AUTO, Table
from studies.errors import BadWorkload, UnknownChoice, did_you_mean, shown

if TYPE_CHECKING:
    from studies.split_by import SplitBy


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
    check(task, seed)
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
    path = expanded(source)
    name = path.resolve().name if holds(path, Path.is_dir) else Place.of(source).name
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
    named_as_path = Place.of(source).ending or path.suffix or len(path.parts) > 1
    return bool(named_as_path) or holds(path, Path.exists)
