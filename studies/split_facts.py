"""Split facts: what makes a split, or the metric on it, flatter. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

TAIL_ROWS: Final = 3
"""Validation rows of which it is asked how much of the squared deviation they make."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DateColumn:
    """A column of dates, where the rows were drawn at random."""

    name: str
    first: str
    last: str
    """The earliest and the latest day, as 2019-01-31."""
    past_share: float
    """Share of the validation rows with a date that are older than the newest training row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyColumn:
    """A column whose values name groups of rows, where the rows were drawn at random."""

    name: str
    groups: int
    """Different values."""
    rows: int
    """Rows that have a value."""
    shared_valid_rows: int
    """Validation rows whose value trains too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leak:
    """A column that tells the target by itself."""

    column: str
    right_share: float
    """Of the validation rows, those whose class it tells; in regression the share of the variance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitFacts:
    """Split facts; the defaults describe a random split with nothing to remark."""

    way: str = "random"
    """random | given: the parts came with the data | time | group | split: by that column"""
    column: str = ""
    """The column that the split goes by."""
    dates: tuple[DateColumn, ...] = ()
    keys: tuple[KeyColumn, ...] = ()
    leaks: tuple[Leak, ...] = ()
    valid_rows: int = 0
    test_rows: int = 0
    repeated_valid_rows: int = 0
    """Validation rows that train too, inputs and target alike."""
    repeated_test_rows: int = 0
    largest_class: str = ""
    """Empty in regression, as is the share 0."""
    largest_class_share: float = 0.0
    """Of the validation rows."""
    present_classes: int = 0
    """Classes with validation rows; a model that always says the same has their reciprocal as its balanced
    accuracy."""
    tail_share: float | None = None
    """Share of the squared deviation from their median that the three validation rows furthest from it
    make; None in classification, and of several targets."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what was written; entries of a later version are passed over."""
        known = _known(cls, values)
        kinds = {"dates": DateColumn, "keys": KeyColumn, "leaks": Leak}
        lists = {
            name: tuple(kind(**_known(kind, item)) for item in known.get(name, ()))
            for name, kind in kinds.items()
        }
        return cls(**known | lists)


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
