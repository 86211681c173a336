"""Cells: the entries of a column as text, and the words that stand for a gap."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.errors import BadWorkload

GAP_WORDS: Final = frozenset(
    {
        "-", "--", "---", "–", "—", "?", "??", ".", "..", "...", "*",
        "n/a", "na", "n.a.", "n.a", "n. a.", "#n/a", "#na", "<na>", "nan", "nat", "none", "null", "nil",
        "(null)", "unknown", "unkn", "unk", "not known", "missing", "(missing)", "not available",
        "not applicable", "not reported", "not recorded", "not given", "undefined", "unspecified", "no data",
        "no value", "no answer", "tbd", "tba", "#value!", "#ref!", "#div/0!", "#num!", "#null!",
    }
)  # fmt: skip
"""What people and spreadsheets write for a number, date or truth that is not there, in any case."""


def is_text(column: pd.Series[Any]) -> bool:
    """Return whether a column holds text or objects rather than numbers, truths or times."""
    kinds = (types.is_bool_dtype, types.is_numeric_dtype, types.is_datetime64_any_dtype)
    return not any(kind(column.dtype) for kind in kinds) and not types.is_timedelta64_dtype(column.dtype)


def cells_of(column: pd.Series[Any], missing: Iterable[str] = ()) -> NDArray[np.object_]:
    """Return each entry as text with single blanks; None for a gap and for the words that mean one.

    Args:
        column: the column as it came.
        missing: words of the user's that mean a gap, as they are written.
    """
    gaps = {"", *missing}
    return read_each(column.astype(object), partial(_cell, gaps=gaps), gap=None, dtype=object)


def read_each(column: pd.Series[Any], read: Callable[[Any], Any], *, gap: Any, dtype: Any) -> NDArray[Any]:
    """Return what a function makes of each entry; where all are texts, each different one is read once.

    Args:
        column: the column as it came.
        read: the function.
        gap: what stands for an entry that is missing.
        dtype: of what is returned.
    """
    if types.infer_dtype(column, skipna=True) == "string":
        codes, levels = pd.factorize(column)
        return np.array([*map(read, levels), gap], dtype=dtype)[codes]
    entries = zip(column, column.isna(), strict=True)
    return np.array([gap if missing else read(value) for value, missing in entries], dtype=dtype)


def _cell(value: object, gaps: set[str]) -> str | None:
    cell = " ".join(str(value).split())
    return None if cell in gaps else cell


def is_gap_word(cell: str) -> bool:
    """Return whether a cell says that no number, date or truth is there."""
    return cell.casefold() in GAP_WORDS


def check_single(column: pd.Series[Any], noun: str) -> None:
    """Check that each entry is one value.

    Raises:
        BadWorkload: one is a list, an array or some other compound.
    """
    if column.dtype != object:
        return
    compound = column.map(_is_compound)
    if compound.any():
        raise BadWorkload(
            f"{noun} holds {first_where(column, compound.to_numpy(bool))}; "
            "each entry must be one number, date or text"
        )


def _is_compound(value: object) -> bool:
    simple = np.isscalar(value) or value is None or value is pd.NA or value is pd.NaT
    return not (simple or hasattr(value, "isoformat") or type(value).__name__ == "Decimal")


def first_where(column: pd.Series[Any], mask: NDArray[np.bool_] | pd.Series[Any]) -> str:
    """Return the first value where the mask holds, and its row as the user counts them."""
    row = int(np.asarray(mask, dtype=bool).argmax())
    value = column.iloc[row]
    shown = reprlib.repr(value) if isinstance(value, str) else " ".join(str(value).split())[:40]
    return f"{shown} in data row {column.index[row] + 1}"
