"""Cells: values as tables of runs write them, read as Python values."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

MISSING: Final = frozenset({"", "none", "null", "n/a", "na", "<na>"})
"""Texts of a value that is not there. `nan` is one that is: a run that ended in no number."""
DAYS: Final = re.compile(r"(?:(\d+) days? )?(\d+):(\d\d):(\d\d(?:\.\d+)?)")
"""A duration as pandas writes it: `0 days 00:01:30.5`."""
NESTED: Final = frozenset({"config", "summary", "params", "metrics", "hyperparameters", "hparams"})
"""Columns that may hold a whole dict of values as text."""


def value_of(cell: Any) -> Any:
    """Return a cell as a Python value: a number for the text of one, None for what is missing."""
    if hasattr(cell, "item") and not isinstance(cell, str):  # a NumPy scalar
        try:
            cell = cell.item()
        except (TypeError, ValueError):
            return str(cell)
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return None
    return _of_text(cell.strip()) if isinstance(cell, str) else cell


def _of_text(text: str) -> Any:
    if text.lower() in MISSING:
        return None
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return next((value for value in map(_number, (text, text.removesuffix("%"))) if value is not None), text)


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, NaN and the infinities among them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def finite(value: Any) -> float | None:
    """Return a number that is finite; None for anything else."""
    if not is_number(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def seconds_of(value: Any) -> Any:
    """Return a duration that is written in days, hours, minutes and seconds, in seconds; else the value."""
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    if isinstance(value, str) and (parts := DAYS.fullmatch(value.strip())):
        days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return value


def flat(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row without nested dicts, `config` as `config.lr`, ..., and without what is missing."""
    return dict(_flattened(row, ""))


def _flattened(row: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, cell in row.items():
        name = f"{prefix}{str(key).strip()}"
        inner = _mapping(str(key).strip(), cell)
        described = inner is not None and "value" in inner and set(inner) <= {"value", "desc"}
        if inner is not None and not described:
            yield from _flattened(inner, f"{name}.")
        elif (value := value_of(inner["value"] if inner else cell)) is not None and name:
            yield name, value  # Weights & Biases keeps a setting as {"value": ..., "desc": ...}


def _mapping(name: str, cell: Any) -> Mapping[Any, Any] | None:
    """Return the dict that a cell is, or that the text of one of those columns writes; None for any other."""
    if isinstance(cell, Mapping):
        return cell
    if not (isinstance(cell, str) and name.lower() in NESTED and cell.strip().startswith("{")):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None
