"""Preparation of data: rows split 60/20/20 and turned into float32, all fitted on those that train."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from studies.data.as_given import bytes_of
from studies.data.dataset import Dataset, Part
from studies.data.digest import digest_of
from studies.data.fresh import fresh_rows
from studies.data.raw import (
    columns_across,
    encode_raw,
    split_by_column,
    split_of,
    targets_of,
    validation_given,
)
from studies.data.split_views import parts_of
from studies.datasets import Raw, Task
from studies.errors import BadValue, BadWorkload, shown
from studies.rows.free import OWN

if TYPE_CHECKING:
    from studies.data.splits import Split, Targets
    from studies.split_by import SplitBy


REDRAWN_ROWS: Final = 10_000
"""Validation rows above which one split is as good as several: of w wrong rows a recipe has a fifth to
itself, so the log of its loss varies by sqrt(0.2 / w) with the rows that validate; from 500 wrong rows on,
5 % of so many, that is below the 2 % that matter to nobody."""
REDRAWN_BYTES: Final = 2**28
"""Inputs larger than this are not encoded a second time: each split that is in use takes as much again."""


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
    check(task, seed)
    raw = split_by_column(raw, split_by)
    notes = list(raw.notes)
    targets = _targets(raw, raw.task if task == "auto" else task, metric, notes)
    split = split_of(raw, targets, seed, notes)
    encode = partial(_encoded, raw, targets, name=name, notes=notes)
    dataset = replace(encode(split), joined=partial(_joined, encode, split))
    if validation_given(raw) or len(split.valid) > REDRAWN_ROWS or _bytes(dataset) > REDRAWN_BYTES:
        return dataset
    return replace(dataset, redraw=partial(_redrawn, encode, split, targets.codes))


def _joined(encode: Callable[[Split], Dataset], split: Split) -> Dataset:
    """Encode the rows with those that validate among those that train."""
    return encode(replace(split, train=np.concatenate([split.train, split.valid])))


def _redrawn(
    encode: Callable[[Split], Dataset], split: Split, groups: NDArray[np.int64], split_seed: int
) -> Dataset:
    """Encode the rows with other ones to train and to validate."""
    from studies.data.splits import redraw_rows

    return encode(redraw_rows(split, groups, seed=split_seed))


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


def _encoded(raw: Raw, targets: Targets, split: Split, *, name: str, notes: Iterable[str]) -> Dataset:
    """Encode the rows, all that is fitted for that on those that train."""
    values, mean, scale = targets.for_training(split.train)
    encoded = encode_raw(raw, targets.rows, split)
    values = encoded.inputs if values is None else values
    dates, keys = columns_across(raw, encoded.table, targets, split)
    # before the rows are put in order where they lie
    fresh, fresh_notes = fresh_rows(raw, targets, split, encoded, (mean, scale))
    inputs = parts_of(encoded.inputs, split)
    train, valid, test = (
        _part(part, None if values is encoded.inputs else values[rows])
        for part, rows in zip(inputs, (split.train, split.valid, split.test), strict=True)
    )
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
        digest=digest_of((train, valid, test), repeatable=raw.live is None or raw.live.repeatable),
        notes=(*notes, *encoded.notes, *fresh_notes),
        fresh=fresh,
        split_way=raw.split_way,
        split_column=raw.split_column,
        dates=dates,
        keys=keys,
        encoder=encoded.encoder,
        target_encoder=targets.encoder(mean, scale),
        columns=encoded.columns,
        positions=tuple(targets.rows[rows] for rows in (split.train, split.valid, split.test)),
    )


def _part(inputs: Any, targets: Any) -> Part:
    """Return some rows; inputs that are their own targets, which are then None, are there once."""
    return Part(inputs=inputs, targets=inputs if targets is None else targets)


def _bytes(dataset: Dataset) -> int:
    """Return the bytes of the inputs, sparse ones as they lie."""
    return sum(bytes_of(part.inputs) for part in (dataset.train, dataset.valid, dataset.test))


def check(task: str, seed: int) -> None:
    """Raise for a task or a seed that there is none of."""
    if task not in get_args(Task):
        raise BadWorkload(
            f"task {shown(task)} is not one of {', '.join(get_args(Task))}; "
            "leave it out to have it told from the target"
        )
    if seed < 0:
        raise BadValue(f"seed {seed} must be 0 or above")
