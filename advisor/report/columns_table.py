"""Table of columns: what each column of the user's data became, alike ones in one line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from advisor.report.layout import WIDTH
from studies.column_reading import ColumnReading

TITLES: Final = ("column", "kind", "missing", "levels", "what was done")
MOST_LINES: Final = 30
"""Lines of columns that are shown; how many more there are is said."""
ALIKE: Final = 4
"""Columns in a row of one kind, treated alike, that become one line."""
LONGEST_NAME: Final = 28

Row = tuple[str, str, str, str, str]


def column_rows(columns: Sequence[ColumnReading]) -> list[Row]:
    """Return name, kind, missing, levels and what was done: a row a column, one row for several alike."""
    return [row for _, group in groupby(columns, _treated) for row in _rows(tuple(group))]


def _treated(column: ColumnReading) -> tuple[str, str, str, bool]:
    return column.kind, column.done, column.left_out, column.missing > 0


def _rows(group: Sequence[ColumnReading]) -> Iterator[Row]:
    if len(group) < ALIKE:
        yield from ((c.name, c.kind, f"{c.missing:,}", f"{c.levels:,}", _done(c)) for c in group)
        return
    first, last = group[0], group[-1]
    missing, levels = ([getattr(column, name) for column in group] for name in ("missing", "levels"))
    name = f"{first.name} to {last.name}: {len(group):,}"
    yield name, first.kind, _range(missing), _range(levels), _done(first)


def _range(counts: Sequence[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _done(column: ColumnReading) -> str:
    return f"left out: {column.left_out}" if column.left_out else column.done


def columns_text(columns: Sequence[ColumnReading], width: int = WIDTH) -> str:
    """Return the table as lines of text, at most so many; nothing where there are no columns."""
    if not columns:
        return ""
    rows = column_rows(columns)
    shown = [TITLES, *((_cut(row[0]), *row[1:]) for row in rows[:MOST_LINES])]
    widths = [max(len(row[place]) for row in shown) for place in range(len(TITLES) - 1)]
    lines = [line for row in shown for line in _line(row, widths, width)]
    if len(rows) > MOST_LINES:
        lines.append(f"  and {len(rows) - MOST_LINES:,} more; --json has them all")
    used = sum(not column.left_out for column in columns)
    return "\n".join([f"Columns: {used:,} of {len(columns):,} are inputs.", *lines])


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def _line(row: Sequence[str], widths: Sequence[int], width: int) -> list[str]:
    cells = [f"{cell:<{size}}" for cell, size in zip(row, widths, strict=False)]
    start = "  " + "  ".join(cells) + "  "
    indent = " " * min(len(start), width - 30)
    return (
        textwrap.wrap(
            start + row[-1], width, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False
        )
        if row[-1]
        else [start.rstrip()]
    )
