"""Row remarks: what is to be said of the rows that are predicted, counted over all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from studies.errors import one_line
from studies.quantities import several

LISTED: Final = 3
"""Examples in a remark."""


@dataclass(kw_only=True, eq=False)
class RowRemarks:
    """Row remarks, added to block by block, so that a file read in parts is spoken of as a whole."""

    rows: int = 0
    """Rows so far."""
    short: int = 0
    """Rows of a file with fewer fields than there are names."""
    passed_over: set[str] = field(default_factory=set)
    """Columns that may be there and mean nothing, as the target."""
    extra: dict[str, None] = field(default_factory=dict)
    """Columns that the model does not use."""
    unreadable: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    """By column and what its values should be: the values that are none, with their rows."""
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    """By column: the levels that the training rows do not tell apart, with their rows."""

    def notes(self) -> tuple[str, ...]:
        """Return what was remarked, in sentences."""
        return (*self._short(), *self._extra(), *self._unreadable(), *self._unknown())

    def _short(self) -> list[str]:
        rows = f"{several(self.short, 'row')} with fewer fields than names"
        return [f"Found {rows}: what is not there counts as missing."] if self.short else []

    def _extra(self) -> list[str]:
        names = [name for name in self.extra if name not in self.passed_over]
        if not names:
            return []
        listed = ", ".join(f"'{one_line(name, longest=40)}'" for name in names[:10])
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        return [f"Passed over {several(len(names), 'column')} that the model does not know: {listed}{more}."]

    def _unreadable(self) -> list[str]:
        return [
            f"Column '{name}': {several(values.total(), 'value')} cannot be read as a {noun} and "
            f"{'counts' if values.total() == 1 else 'count'} as missing ({examples(values)})."
            for (name, noun), values in self.unreadable.items()
        ]

    def _unknown(self) -> list[str]:
        return [
            f"Column '{name}': {several(levels.total(), 'row')} of {self.rows:,} "
            f"{'has' if levels.total() == 1 else 'have'} {several(len(levels), 'level')} that training did "
            f"not tell apart ({examples(levels)})."
            for name, levels in self.unknown.items()
        ]


def examples(values: Counter[str]) -> str:
    """Return the most frequent values as a sentence lists them."""
    listed = [f"'{one_line(value, longest=40)}'" for value, _ in values.most_common(LISTED)]
    more = len(values) - len(listed)
    return ", ".join(listed) + (f" and {more} more" if more else "")
