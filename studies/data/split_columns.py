"""Columns that a random split runs across: dates, and keys that rows share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.identifier import may_be_key
from studies.data.splits import Split, Targets
from studies.data.text import is_free_text
from studies.split_facts import DateColumn, KeyColumn

FEWEST_GROUPS: Final = 10
"""A column with fewer values is a category, which new rows will have too."""
MOST_ROWS: Final = 50
"""Rows a value, on average, above which it is a category as well."""
SHARED: Final = 0.2
"""Share of the validation rows that must share a value with training rows to be worth a word."""
CLUSTERED: Final = 4.0
"""Standard deviations by which the targets of one value must be more alike than by chance, where the name of
the column does not say that it is a key."""


def date_columns(table: Mapping[str, pd.Series[Any]], split: Split) -> tuple[DateColumn, ...]:
    """Return the columns of dates, and how many validation rows lie before the newest training row."""
    return tuple(
        _date_column(table[name], split)
        for name in table
        if types.is_datetime64_dtype(table[name].dtype)
        and table[name].iloc[split.train].nunique() > 1
        and table[name].iloc[split.valid].notna().any()
    )


def _date_column(dates: pd.Series[Any], split: Split) -> DateColumn:
    valid, newest = dates.iloc[split.valid].dropna(), dates.iloc[split.train].max()
    return DateColumn(
        name=str(dates.name),
        first=_day(dates.min()),
        last=_day(dates.max()),
        past_share=float((valid < newest).mean()),
    )


def _day(date: pd.Timestamp) -> str:
    """Write a day; years beyond 9999, which strftime refuses, are written too."""
    return str(date.isoformat()).partition("T")[0]


def key_columns(table: Mapping[str, pd.Series[Any]], targets: Targets, split: Split) -> tuple[KeyColumn, ...]:
    """Return the columns whose values name groups of rows that stand in training and validation alike.

    They are text or whole numbers, have few rows a value, and are keys by their name, or the targets of the
    rows that share a value are alike.
    """
    keys = (_key_column(table[name], targets, split) for name in table)
    return tuple(key for key in keys if key is not None)


def _key_column(column: pd.Series[Any], targets: Targets, split: Split) -> KeyColumn | None:
    named = may_be_key(str(column.name))
    if types.is_numeric_dtype(column.dtype):
        if not named or (column.dropna() % 1 != 0).any():
            return None
    elif column.dtype != object:
        return None
    groups, rows = int(column.nunique()), int(column.notna().sum())
    if groups < FEWEST_GROUPS or rows > MOST_ROWS * groups:
        return None
    numbers = pd.factorize(column)[0]
    trained = numbers[split.train]
    shared = int(np.isin(numbers[split.valid], trained[trained >= 0]).sum())
    if shared < SHARED * len(split.valid) or is_free_text(column):
        return None
    if not named and _clustering(numbers, targets) < CLUSTERED:
        return None
    return KeyColumn(name=str(column.name), groups=groups, rows=rows, shared_valid_rows=shared)


def _clustering(numbers: NDArray[Any], targets: Targets) -> float:
    """Return how alike the targets within a group are: the F ratio less 1, in its deviations by chance."""
    shared = np.isin(numbers, np.flatnonzero(np.bincount(numbers[numbers >= 0]) > 1))
    if targets.classes:
        values = np.eye(len(targets.classes))[targets.codes[shared]]
    else:
        values = targets.amounts[shared]
    groups = np.unique(numbers[shared], return_inverse=True)[1]
    between, rows = int(groups.max(initial=-1)), len(groups)
    within = rows - between - 1
    if between < 1 or within < 1:
        return 0.0
    sums = np.zeros((between + 1, values.shape[1]))
    np.add.at(sums, groups, values - values.mean(axis=0))
    explained = float((sums**2 / np.bincount(groups)[:, None]).sum())
    rest = float(((values - values.mean(axis=0)) ** 2).sum()) - explained
    ratio = (explained / between) / max(rest / within, 1e-12)
    return (ratio - 1) / float(np.sqrt(2 * (rows - 1) / (between * within)))
