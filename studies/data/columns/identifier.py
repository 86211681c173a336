"""Identifier: different in every row, so that it only names the row; no input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pandas as pd
from pandas.api import types

from studies.data.columns.column import LeftOut
from studies.data.columns.reading import TypedColumn

IDENTIFIER: Final = re.compile(r"(?i:|unnamed: \d+|index|row([_ ]?(id|number))?|(.*[_ ])?id)|.*[a-z]I[dD]")
"""Names that whole numbers have when they only number the rows."""

KEY_NAMES: Final = re.compile(
    r"(?!(num|number|no|n|count|total|sum|nr)(_of)?[_ ])"
    r".*(patient|customer|client|user|member|subject|person|player|driver|household|family|account|session"
    r"|device|machine|sensor|vehicle|store|shop|hospital|school|station|speaker|author|order|case)s?"
    r"[_ ]?(id|no|nr|number|key|code|name)?",
    re.IGNORECASE,
)
"""Names of what has several rows, and will be another in new rows."""


@dataclass(frozen=True, kw_only=True)
class Identifier(LeftOut):
    """Column that names the row."""

    kind: ClassVar = "identifier"
    left_out: ClassVar = "different in every row, so it only names the row"


def identifies_rows(name: str, typed: TypedColumn) -> bool:
    """Return whether a column names its rows: labels that always differ, or numbers so called."""
    values = typed.values
    if types.is_datetime64_dtype(values.dtype) or typed.kind == "truth":
        return False
    if types.is_numeric_dtype(values.dtype):
        return bool(IDENTIFIER.fullmatch(name)) and _all_differ(values) and bool((values % 1 == 0).all())
    return _all_differ(values)


def may_be_key(name: str) -> bool:
    """Return whether a column's name says that its values name rows, or groups of rows."""
    return bool(KEY_NAMES.fullmatch(name) or IDENTIFIER.fullmatch(name))


def _all_differ(values: pd.Series[Any]) -> bool:
    return bool(values.nunique() == values.notna().sum())
