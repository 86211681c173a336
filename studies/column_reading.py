"""Column reading: what a column of the user's table became. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnReading:
    """Column of a table: how it was read, what was done to it, or why it was left out."""

    name: str
    kind: str
    """number | truth | date | category | free text | text | identifier | constant | empty"""
    missing: int = 0
    """Rows without a value."""
    levels: int = 0
    """Different values."""
    done: str = ""
    """What was done to it, in a clause."""
    left_out: str = ""
    """Why it is no input; empty where it is one."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what was written; entries of a later version are passed over."""
        names = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})


PLURALS: Final = {"category": "categories", "free text": "free texts", "identifier": "identifiers"}


def columns_in_short(columns: Sequence[ColumnReading]) -> str:
    """Return one sentence: how many columns are inputs, of which kinds, and which were left out and why.

    It is empty where there is nothing to tell: numbers that came as such.
    """
    if all(
        column.kind == "number" and "read" not in column.done and not column.left_out for column in columns
    ):
        return ""
    counts: dict[str, int] = {}
    for column in columns:
        if not column.left_out:
            counts[column.kind] = counts.get(column.kind, 0) + 1
    kinds = ", ".join(
        f"{count:,} {kind if count == 1 else PLURALS.get(kind, f'{kind}s')}" for kind, count in counts.items()
    )
    out = [f"{column.name} ({column.left_out})" for column in columns if column.left_out]
    listed = ", ".join(out[:5]) + (f" and {len(out) - 5} more" if len(out) > 5 else "")
    used = f"{sum(counts.values())} of {len(columns)} columns are inputs: {kinds}"
    return f"{used}; left out: {listed}." if out else f"{used}."
