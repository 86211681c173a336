"""Table encoding: columns turned into numbers, as the training rows alone demand.

    numbers      gaps filled with the median, a 0/1 column for the gaps, mean 0 and deviation 1;
                 sparse columns keep their zeros: deviation 1 and no shift
    booleans     the same, as 0 and 1
    dates        year, month, day, weekday, hour and days since the first training date, each as a number
    sentences    the weights of their frequent words; alone in a table, token ids (studies/data/text.py)
    other text   a 0/1 column for each of the most frequent values, one for all others; a gap is one value

A column that cannot help, constant or different in every row, is left out and said so.
"""

from __future__ import annotations

import itertools
import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.inputs import SPARSE
from studies.data.text import is_free_text, tokens, word_columns
from studies.errors import BadWorkload
from studies.quantities import several

CATEGORIES: Final = 40
"""Most 0/1 columns that one text column becomes."""
NUMERIC_SHARE: Final = 0.9
"""Text of which this share, but not all, reads as numbers is a column of numbers with slips."""
DATE_SHARE: Final = 0.95
"""Text of which this share reads as dates is a column of dates."""
REACH: Final = 1e6
"""Deviations from the mean beyond which a number is cut off: float32 would lose everything beside it."""
LARGEST: Final = float(np.finfo(np.float32).max)
MISSING: Final = "(missing)"
IDENTIFIER: Final = re.compile(r"(?i:|unnamed: \d+|index|row([_ ]?(id|number))?|(.*[_ ])?id)|.*[a-z]I[dD]")
"""Names that whole numbers have when they only number the rows."""

DAYS: Final = (
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%Y",
    "%d-%m-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
CLOCKS: Final = ("", " %H:%M", " %H:%M:%S")
DATE_FORMATS: Final = ("ISO8601", *map("".join, itertools.product(DAYS, CLOCKS)))

Column = pd.Series  # of float64, of datetime64 without a zone, or of text; a gap is NaN or NaT


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """Rows as numbers."""

    inputs: Any
    """float32 of the shape (rows, *input_shape), as an array or as sparse rows; or token ids, int64, (rows,
    length)."""
    names: tuple[str, ...] = ()
    """What each column says."""
    missing_share: float = 0.0
    """Share of the entries that were missing."""
    raw_density: float | None = None
    """Share of the training rows' entries that were not zero as they came, of those that are there; None for
    text."""
    notes: tuple[str, ...] = ()
    kind: str = "table"
    """table | image | text | signal"""
    vocabulary: int = 0
    """The largest token id there can be."""
    table: pd.DataFrame | None = None
    """The columns as they were read, as numbers, dates and text; None for all but dense tables."""


def encode(frame: pd.DataFrame, train: NDArray[np.int64], *, centre_sparse: bool = False) -> Encoded:
    """Encode all rows as the training rows alone demand.

    Args:
        frame: the rows.
        train: positions of the training rows.
        centre_sparse: whether sparse columns of numbers are centred too.

    Raises:
        BadWorkload: a column that cannot be used as it is.
    """
    notes: list[str] = []
    table = pd.DataFrame({name: read_column(frame[name], f"column '{name}'", notes) for name in frame})
    columns = table.drop(columns=_useless(table, train, notes))
    missing_share = float(table.isna().to_numpy().mean())
    texts = [name for name in columns if is_free_text(columns[name])]
    if len(texts) == columns.shape[1] == 1:
        return replace(encode_text(columns[texts[0]], train, notes), missing_share=missing_share, table=table)
    labels = columns.drop(columns=texts)
    numbers = _numbers(labels, train, notes, centre_sparse=centre_sparse)
    blocks = [numbers, _gaps(labels, train), _categories(labels, train, notes)]
    if texts:
        blocks.append(word_columns(columns[texts], train, notes))
    inputs = np.hstack([values for values, _ in blocks]).clip(-REACH, REACH).astype(np.float32)
    if not inputs.shape[1]:
        raise BadWorkload(
            f"no column is left to learn from: add one that says something of the target. {' '.join(notes)}"
        )
    names = tuple(name for _, names in blocks for name in names)
    return Encoded(
        inputs=inputs,
        names=names,
        missing_share=missing_share,
        raw_density=_density(table.iloc[train]),
        notes=tuple(notes),
        table=table,
    )


def encode_text(column: Column[Any], train: NDArray[np.int64], notes: Sequence[str] = ()) -> Encoded:
    """Encode a column of sentences as token ids.

    Raises:
        BadWorkload: no words in the training rows.
    """
    text = tokens(column, train)
    return Encoded(inputs=text.ids, kind="text", vocabulary=text.vocabulary, notes=(*notes, *text.notes))


def read_column(column: Column[Any], noun: str, notes: list[str], *, as_labels: bool = False) -> Column[Any]:
    """Return a column as numbers, dates or text, whatever pandas took it for.

    `as_labels` leaves text as it is.

    Raises:
        BadWorkload: no value at all, a value beyond float32, slips among numbers, or values that are no
            single value.
    """
    if types.is_bool_dtype(column.dtype) or types.is_numeric_dtype(column.dtype):
        read = pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan), index=column.index)
    elif types.is_datetime64_any_dtype(column.dtype):
        read = pd.to_datetime(column, utc=True).dt.tz_localize(None)
    elif types.is_timedelta64_dtype(column.dtype):
        read = column.dt.total_seconds().astype(np.float64)
    else:
        read = _read_objects(column, noun, notes, as_labels=as_labels)
    if not read.notna().any():
        raise BadWorkload(f"{noun} has no values at all; fill it in or leave it out")
    if types.is_numeric_dtype(read.dtype):
        _check_finite(read, noun)
    return read


def first_where(column: Column[Any], mask: Column[Any]) -> str:
    """Return the first value where the mask holds, and its row as the user counts them."""
    row = int(mask.to_numpy().argmax())
    value = column.iloc[row]
    shown = reprlib.repr(value) if isinstance(value, str) else " ".join(str(value).split())[:40]
    return f"{shown} in data row {column.index[row] + 1}"


def _check_finite(column: Column[Any], noun: str) -> None:
    beyond = column.abs() > LARGEST
    if beyond.any():
        raise BadWorkload(
            f"{noun} holds {first_where(column, beyond)}; "
            f"numbers must lie within {LARGEST:.1e}: correct it or leave it empty"
        )


def _read_objects(column: Column[Any], noun: str, notes: list[str], *, as_labels: bool) -> Column[Any]:
    match types.infer_dtype(column, skipna=True):
        case "boolean" | "decimal" | "integer" | "floating" | "mixed-integer-float":
            return pd.to_numeric(column.astype(object)).astype(np.float64)
        case "date" | "datetime" | "datetime64":
            return pd.to_datetime(column, utc=True).dt.tz_localize(None)
        case "categorical":
            return _read_text(column)
    if column.dtype == object:
        _check_single(column, noun)
    text = _read_text(column)
    read = _as_numbers(text, noun, lenient=as_labels)
    if read is None:
        return text if as_labels else _as_dates(text, noun, notes)
    return read


def _check_single(column: Column[Any], noun: str) -> None:
    compound = column.map(lambda value: not np.isscalar(value) and value is not None and value is not pd.NA)
    if compound.any():
        raise BadWorkload(
            f"{noun} holds {first_where(column, compound)}; each entry must be one number, date or text"
        )


def _read_text(column: Column[Any]) -> Column[Any]:
    text = column.astype(object).map(lambda value: " ".join(str(value).split()), na_action="ignore")
    return text.where(text.notna() & (text != ""), np.nan).astype(object)


def _as_numbers(text: Column[Any], noun: str, *, lenient: bool) -> Column[Any] | None:
    numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
    slips = text.notna() & numbers.isna()
    if not slips.any():
        return numbers
    if not lenient and numbers.notna().sum() >= NUMERIC_SHARE * text.notna().sum():
        raise BadWorkload(
            f"{noun} has text where numbers are needed: "
            f"{first_where(text, slips)}; correct it or leave it empty"
        )
    return None


def _as_dates(text: Column[Any], noun: str, notes: list[str]) -> Column[Any]:
    """Return dates where nearly all of the text reads as such in one way of writing, else the text."""
    present = text.dropna()
    sample = present.iloc[:: len(present) // 1000 + 1]
    likely = [way for way in DATE_FORMATS if _dates(sample, way).notna().mean() >= NUMERIC_SHARE]
    readings = [_dates(text, way) for way in likely]
    dates = max(readings, key=lambda reading: int(reading.notna().sum()), default=None)
    if dates is None or dates.notna().sum() < DATE_SHARE * len(present):
        return text
    first = present.index[0] if pd.notna(dates[present.index[0]]) else dates.first_valid_index()
    notes.append(f"Read {noun} as dates, '{text[first]}' as {dates[first]:%Y-%m-%d}.")
    if unreadable := len(present) - int(dates.notna().sum()):
        notes.append(f"{unreadable} values of {noun} cannot be read as dates and count as missing.")
    return dates


def _dates(text: Column[Any], way: str) -> Column[Any]:
    return pd.to_datetime(text, format=way, utc=True, errors="coerce").dt.tz_localize(None)


def _useless(table: pd.DataFrame, train: NDArray[np.int64], notes: list[str]) -> list[str]:
    constant = [str(name) for name in table if table[name].iloc[train].nunique(dropna=False) < 2]
    identifiers = [str(name) for name in table if name not in constant and _identifies_rows(table[name])]
    if constant:
        notes.append(f"Left out, the same in every training row: {', '.join(constant)}.")
    if identifiers:
        notes.append(f"Left out, different in every row, so it only names the row: {', '.join(identifiers)}.")
    if len(constant) + len(identifiers) == table.shape[1]:
        raise BadWorkload(
            "no column is left to learn from: add one that says something of the target. "
            f"{' '.join(notes)}".strip()
        )
    return constant + identifiers


def _identifies_rows(column: Column[Any]) -> bool:
    if (
        types.is_datetime64_dtype(column.dtype)
        or column.nunique() < column.notna().sum()
        or is_free_text(column)
    ):
        return False
    if types.is_numeric_dtype(column.dtype):
        return bool(IDENTIFIER.fullmatch(str(column.name)) and (column % 1 == 0).all())
    return True


def _density(table: pd.DataFrame) -> float:
    """Return the share of the entries there are that are not zero; text and dates never are."""
    present = table.notna().to_numpy()
    zeros = sum(int((table[name] == 0).sum()) for name in table.select_dtypes("number"))
    return 1 - zeros / max(int(present.sum()), 1)


def _numbers(
    table: pd.DataFrame, train: NDArray[np.int64], notes: list[str], *, centre_sparse: bool
) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return the numeric columns and the parts of the dates, filled and standardised."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    numeric = {str(name): table[name] for name in table if types.is_numeric_dtype(table[name].dtype)}
    for name in table.select_dtypes("datetime"):
        numeric |= _calendar(table[name], table[name].iloc[train].min())
    numeric = {name: column for name, column in numeric.items() if column.iloc[train].nunique() > 1}
    if not numeric:
        return np.empty((len(table), 0)), ()
    values = np.column_stack([column.to_numpy(np.float64) for column in numeric.values()])
    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(values[train])
    sparse = _is_sparse(values[train])
    if sparse.any() and not centre_sparse:
        steps[-1].mean_[sparse] = 0.0
        columns = several(int(sparse.sum()), "column")
        notes.append(
            f"Scaled without centring, as under {SPARSE:.0%} of their numbers are not zero: {columns}."
        )
    return steps.transform(values), tuple(numeric)


def _is_sparse(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which columns are sparse: of the numbers that are there, few are not zero."""
    present = ~np.isnan(values)
    nonzero = (present & (values != 0)).sum(axis=0)
    return np.asarray(nonzero < SPARSE * present.sum(axis=0))


def _calendar(dates: Column[Any], first: pd.Timestamp) -> dict[str, Column[Any]]:
    at = dates.dt
    parts = {"year": at.year, "month": at.month, "day": at.day, "weekday": at.day_of_week, "hour": at.hour}
    parts["days"] = (dates - first) / pd.Timedelta(days=1)
    return {f"{dates.name}.{part}": values.astype(np.float64) for part, values in parts.items()}


def _gaps(table: pd.DataFrame, train: NDArray[np.int64]) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return a 0/1 column for each column of numbers or dates that has gaps in the training rows."""
    gaps = table.select_dtypes(["number", "datetime"]).isna()
    gaps = gaps.loc[:, gaps.iloc[train].any()]
    return gaps.to_numpy(np.float64), [f"{name} missing" for name in gaps]


def _categories(
    table: pd.DataFrame, train: NDArray[np.int64], notes: list[str]
) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return a 0/1 column for each frequent value of each text column."""
    from sklearn.preprocessing import OneHotEncoder

    texts = table.select_dtypes("object").fillna(MISSING)
    if texts.empty:
        return np.empty((len(table), 0)), ()
    counts = texts.iloc[train].nunique()
    notes += [
        f"Column '{name}' has {count} different values: "
        f"the {CATEGORIES - 1} most frequent are told apart, the others are one."
        for name, count in counts[counts > CATEGORIES].items()
    ]
    encoder = OneHotEncoder(
        max_categories=CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        feature_name_combiner=lambda name, value: f"{name}={value}",
    )
    values = texts.to_numpy(object)
    encoder.fit(values[train])
    names = encoder.get_feature_names_out(texts.columns.to_numpy(object))
    return encoder.transform(values), [name.replace("=infrequent_sklearn", "=(others)") for name in names]
