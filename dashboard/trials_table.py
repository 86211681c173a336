"""Trials table: a row a trial, the rows that a condition leaves, sorted and in groups. No Streamlit.

rows = [row(record, TrialAnnotations()) for record in study.records]
arranged = Arrangement(where="quality > 0.9, optimizer = AdamW", by="train_seconds").of(rows)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from statistics import median
from typing import Any, Final

from studies.costs import COSTS
from studies.direction import Direction
from studies.errors import BadValue, StudyError, did_you_mean, shown
from studies.record import Record
from studies.storage.annotations import TrialAnnotations

Row = dict[str, Any]

FIELDS: Final = (
    "number", "optimizer", "state", "quality", "train_seconds", "error", "lr", "schedule", "batch_size",
    *(cost.field for cost in COSTS if cost.field != "train_seconds"),
    "epochs", "stage", "seed", "test_quality", "tags", "note",
)  # fmt: skip
"""Columns that every table has, in their order; those of the recipe's settings come after them."""
NAMES: Final[Mapping[str, str]] = {
    "number": "trial", "error": "why it ended", "lr": "learning rate", "quality": "validation quality",
    **{cost.field: cost.label for cost in COSTS},
}  # fmt: skip
"""What columns are called in words, where it is not their name."""
TEXTS: Final = frozenset({"optimizer", "state", "error", "schedule", "stage", "tags", "note"})
NOT_SETTINGS: Final = frozenset({"optimizer", "schedule", "batch_size", "epochs"})
"""Axes of a recipe that have a column already."""
GROUPS: Final = ("optimizer", "schedule", "batch_size", "stage", "state", "tags")
"""Columns that rows are put in groups by."""
COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<=": le, ">=": ge, "!=": ne, "<": lt, ">": gt, "=": eq, "~": lambda value, part: part in value,
}  # fmt: skip
CONDITION: Final = re.compile(r"\s*([^<>=!~]+?)\s*(<=|>=|!=|<|>|=|~)\s*(.*?)\s*")
COST_OF: Final = {cost.field: cost for cost in COSTS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Condition on one column."""

    column: str
    sign: str
    value: Any
    """A number, or a text in small letters."""

    def holds(self, row: Row) -> bool:
        """Tell whether a row meets it; a row without a value meets `!=` alone."""
        value = row.get(self.column)
        if value is None or value == "":
            return self.sign == "!="
        if isinstance(value, int | float) and not isinstance(self.value, str):
            return COMPARE[self.sign](value, self.value)
        if self.column == "tags" and self.sign in {"=", "!="}:
            return (str(self.value) in _folded(value).split(", ")) == (self.sign == "=")
        return COMPARE[self.sign](_folded(value), str(self.value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrangement:
    """Arrangement of rows: which of them, in which order."""

    where: str = ""
    """Conditions with commas between them, all of which a row must meet."""
    by: str = "number"
    """Column that they are sorted by; rows without a value come last."""
    falling: bool = False
    group: str = ""
    """Column whose equal rows stand together; empty for none."""

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows arranged.

        Raises:
            BadValue: a condition that cannot be read, or names no column.
        """
        wanted = conditions(self.where, columns(rows))
        left = [row for row in rows if all(condition.holds(row) for condition in wanted)]
        for column, falling in ((self.by, self.falling), (self.group, False)):
            if column:
                left = _sorted(left, column, falling=falling)
        return left


def row(record: Record, said: TrialAnnotations) -> Row:
    """Return a trial as a row: what was measured, its recipe's settings, and what is said of it."""
    values = {field: getattr(record, field, None) for field in FIELDS}
    return (
        values
        | {"lr": None, "schedule": record.params.get("schedule"), "error": record.error or ""}
        | dict(_settings(record.params))
        | {
            "batch_size": record.params.get("batch_size"),
            "epochs": record.epochs,
            "tags": ", ".join(said.tags),
            "note": said.note,
        }
    )


def _settings(params: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield the settings of a recipe by the name of their column, those of the optimizer by their own."""
    for key, value in params.items():
        axis, *rest = key.split(".")
        if not rest:
            if axis not in NOT_SETTINGS and value not in {"", "none"}:
                yield axis, value
        elif axis == "optimizer":
            yield rest[-1], value
        else:
            yield " ".join(rest), value


def columns(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the columns in which some row has a value, the usual ones first."""
    filled = {key for row in rows for key, value in row.items() if value is not None and value != ""}
    usual = tuple(field for field in FIELDS if field in filled)
    return (*usual, *sorted(filled.difference(FIELDS)))


def conditions(text: str, names: Sequence[str]) -> tuple[Condition, ...]:
    """Read conditions such as `quality > 0.9, optimizer = AdamW, peak memory in training < 2 MiB`.

    Args:
        text: conditions with commas between them; a sign is one of = != < <= > >= and ~ for "contains".
        names: of the columns that there are.

    Raises:
        BadValue: a condition without a sign or value, or a column that is not there.
    """
    return tuple(_condition(part, names) for part in text.split(",") if part.strip())


def _condition(text: str, names: Sequence[str]) -> Condition:
    parts = CONDITION.fullmatch(text)
    if parts is None or not parts[3]:
        raise BadValue(
            f"condition {shown(text.strip())} is not COLUMN SIGN VALUE; signs are {' '.join(COMPARE)}; "
            "such as: quality > 0.9, optimizer = AdamW"
        )
    column = _column(parts[1], names)
    return Condition(column=column, sign=parts[2], value=_value(column, parts[2], parts[3]))


def _column(name: str, names: Sequence[str]) -> str:
    """Return the column of a name, in words or as it is written in a record."""
    by_word = {_folded(word): column for column in names for word in (column, NAMES.get(column, column))}
    if (column := by_word.get(_folded(name))) is None:
        raise BadValue(
            f"no trial has a column {shown(name)}{did_you_mean(_folded(name), by_word)} "
            f"There are: {', '.join(names)}"
        )
    return column


def _value(column: str, sign: str, text: str) -> Any:
    if column in TEXTS or sign == "~":
        return _folded(text)
    if column in COST_OF:
        try:
            return COST_OF[column].parse(text)
        except StudyError:
            pass  # a bare number: bytes or seconds
    try:
        return float(text.replace("_", ""))
    except ValueError:
        if column in FIELDS:
            raise BadValue(f"{shown(text)} is no number, which {NAMES.get(column, column)} is") from None
        return _folded(text)


def _folded(value: object) -> str:
    return " ".join(str(value).lower().replace("_", " ").split())


def _sorted(rows: list[Row], column: str, *, falling: bool) -> list[Row]:
    """Return rows sorted by a column, equal ones as they were and those without a value last."""
    known = [row for row in rows if not _is_missing(row.get(column))]
    missing = [row for row in rows if _is_missing(row.get(column))]
    numbers = all(isinstance(row[column], int | float) for row in known)
    known.sort(key=lambda row: row[column] if numbers else str(row[column]), reverse=falling)
    return known + missing


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def groups(rows: Sequence[Row], column: str, direction: Direction) -> list[Row]:
    """Return a line a group: how many trials it has, and what they reached and took.

    Args:
        rows: of trials, arranged by the group.
        column: whose equal rows are a group.
        direction: which quality is best.
    """
    by_value: dict[Any, list[Row]] = {}
    for each in rows:
        by_value.setdefault(each.get(column), []).append(each)
    return [_group(column, value, members, direction) for value, members in by_value.items()]


def _group(column: str, value: Any, rows: list[Row], direction: Direction) -> Row:
    whole = [row for row in rows if row["state"] == "complete" and row["stage"] != "compress"]
    qualities = [row["quality"] for row in whole if not _is_missing(row["quality"])]
    seconds = [row["train_seconds"] for row in whole if row["train_seconds"] is not None]
    return {
        column: value,
        "trials": len(rows),
        "whole": len(whole),
        "best": direction.best(qualities),
        "median": median(qualities) if qualities else None,
        "train_seconds": median(seconds) if seconds else None,
    }
