"""Ways to split by a column: train on the past, keep groups whole, or read the parts from the column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.cells import first_where
from studies.data.columns.reading import read_column
from studies.data.splits import HELD_OUT, Rows, Split
from studies.errors import BadWorkload, did_you_mean
from studies.quantities import several

if TYPE_CHECKING:
    from studies.datasets import Raw
    from studies.split_by import SplitBy

SHARES: Final = np.array([1 - 2 * HELD_OUT, HELD_OUT, HELD_OUT])
"""Of the rows that train, validate and test."""
PART_NAMES: Final = {
    "train": 0, "training": 0,
    "valid": 1, "validation": 1, "val": 1, "dev": 1,
    "test": 2, "testing": 2, "holdout": 2,
}  # fmt: skip
"""What a split column may say, in any case of letters, and the part that it means."""


def marked(raw: Raw, frame: pd.DataFrame | None, by: SplitBy) -> Raw:
    """Return the data with what its split goes by: times, groups or parts.

    The column of a time stays an input; a group and a part are none.

    Args:
        raw: the data.
        frame: its inputs as a table with named columns; None where they are no table.
        by: the column.

    Raises:
        BadWorkload: no such column, or values that cannot be split by.
    """
    if raw.parts is not None:
        raise BadWorkload(f"the data comes in parts of its own; leave {by.flag} out")
    if frame is None:
        raise BadWorkload(f"{raw.kind} data has no named columns to split by; leave {by.flag} out")
    if by.column not in frame:
        listed = ", ".join(map(str, frame.columns[:20]))
        near = did_you_mean(by.column, map(str, frame.columns))
        raise BadWorkload(f"no column '{by.column}' to split by{near} Beside the target there are {listed}")
    column = frame[by.column]
    if by.way == "time":
        return replace(raw, inputs=frame, times=_times(column, by, raw.missing), split_column=by.column)
    inputs = frame.drop(columns=by.column)
    if inputs.empty:
        raise BadWorkload(f"'{by.column}' is the only column but the target; add columns to learn from")
    note = f"Column '{by.column}' only says how to split; the model does not see it."
    raw = replace(raw, inputs=inputs, notes=(*raw.notes, note), split_column=by.column)
    return (
        replace(raw, groups=_groups(column)) if by.way == "group" else replace(raw, parts=_parts(column, by))
    )


def _times(column: pd.Series[Any], by: SplitBy, missing: tuple[str, ...]) -> NDArray[np.float64]:
    times = read_column(column.reset_index(drop=True), f"column '{by.column}'", [], missing)
    if types.is_datetime64_dtype(times.dtype):
        return np.where(times.isna(), np.nan, (times - times.min()) / pd.Timedelta(seconds=1))
    if not types.is_numeric_dtype(times.dtype):
        raise BadWorkload(
            f"column '{by.column}' is text, {first_where(times, times.notna())}; "
            "--time needs dates or numbers"
        )
    return times.to_numpy(np.float64)


def _groups(column: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a number for each group; a row without one is a group of its own."""
    codes: NDArray[np.int64] = pd.factorize(column)[0].astype(np.int64)
    lone = codes < 0
    return np.where(lone, codes.max() + np.cumsum(lone), codes)


def _parts(column: pd.Series[Any], by: SplitBy) -> NDArray[np.int64]:
    words = column.reset_index(drop=True).astype(object).map(lambda value: str(value).strip().lower())
    parts = words.map(PART_NAMES)
    if parts.isna().any():
        raise BadWorkload(
            f"column '{by.column}' says {first_where(column.reset_index(drop=True), parts.isna())}; "
            "each row must say train, valid or test"
        )
    return np.asarray(parts, dtype=np.int64)


def split_times(times: NDArray[np.float64], *, seed: int, column: str) -> Split:
    """Cut the rows by time: the earliest 60 % train, the next 20 % validate, the latest 20 % test.

    Rows of the same time are in the same part.

    Raises:
        BadWorkload: a row without a time, or too few different times.
    """
    if missing := int(np.isnan(times).sum()):
        raise BadWorkload(
            f"column '{column}' has no time in {several(missing, 'row')}; fill it in, or leave --time out"
        )
    order = np.argsort(times, kind="stable").astype(np.int64)
    changes = np.flatnonzero(np.diff(times[order])) + 1
    if len(changes) < 2:
        count = several(len(changes) + 1, "different time")
        raise BadWorkload(
            f"column '{column}' holds {count}; three parts need three or more: choose another column"
        )
    first = changes[:-1][np.abs(changes[:-1] - SHARES[0] * len(order)).argmin()]
    later = changes[changes > first]
    second = later[np.abs(later - (1 - HELD_OUT) * len(order)).argmin()]
    return _shuffled((order[:first], order[first:second], order[second:]), seed)


def split_groups(groups: NDArray[np.int64], codes: NDArray[np.int64], *, seed: int, column: str) -> Split:
    """Put whole groups into the parts, each class as near to 60, 20 and 20 % as that allows.

    The largest groups are placed first, each where rows of its classes lack most.

    Raises:
        BadWorkload: fewer than three groups.
    """
    names, numbers = np.unique(groups, return_inverse=True)
    if len(names) < len(SHARES):
        raise BadWorkload(
            f"column '{column}' has {several(len(names), 'group')}; "
            "three parts need three or more: choose another column"
        )
    counts = np.zeros((len(names), int(codes.max()) + 1))
    np.add.at(counts, (numbers, codes), 1.0)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    largest_first = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    part_of = _placed(counts, largest_first)[numbers]
    rows = [np.flatnonzero(part_of == part).astype(np.int64) for part in range(len(SHARES))]
    return _shuffled((rows[0], rows[1], rows[2]), seed)


def _placed(counts: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the part of each group, (groups,); `counts` are its rows of each class, (groups, classes)."""
    totals = counts.sum(axis=0)
    lacking = SHARES[:, None] * totals
    parts = np.zeros(len(counts), np.int64)
    empty = set(range(len(SHARES)))
    for place, group in enumerate(order):
        rows = counts[group]
        rise = ((rows**2 - 2 * rows * lacking) / np.maximum(totals, 1)).sum(axis=1)
        allowed = sorted(empty) if len(order) - place <= len(empty) else list(range(len(SHARES)))
        part = min(allowed, key=lambda number: rise[number])
        lacking[part] -= rows
        empty.discard(part)
        parts[group] = part
    return parts


def _shuffled(parts: tuple[Rows, Rows, Rows], seed: int) -> Split:
    generator = np.random.default_rng(seed)
    train, valid, test = (generator.permutation(rows) for rows in parts)
    return Split(train=train, valid=valid, test=test)
