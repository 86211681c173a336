"""Columns of `advisor list`: a heading, then a line each in aligned columns, wrapped at the last one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from advisor.report.layout import fold, refold
from advisor.report.numbers import number

Row = Mapping[str, Any]

WIDTH: Final = 140
"""Characters a line, at most."""
NOTE: Final = 40
"""Characters of a note, at most."""
NARROWEST: Final = 30
"""Characters that the last column keeps, however wide the others are."""


def size(row: Row) -> str:
    """Return rows x columns of a dataset, where they are known before it is loaded."""
    return f"{row['rows']:,} x {row['columns']:,}" if row["rows"] else ""


def trained_rows(row: Row) -> str:
    """Return how many rows a trial trained on, where some trained on a sample."""
    return "all" if row["sample_rows"] is None else f"{row['sample_rows']:,}"


def quality(row: Row) -> str:
    """Return what a trial reached, where it reached anything."""
    return "" if row["quality"] is None else number(row["quality"])


def first_words(row: Row) -> str:
    """Return how a note begins."""
    return textwrap.shorten(row["note"], NOTE, placeholder=" ...")


CELLS: Final[dict[str, Callable[[Row], str]]] = {
    "searched": lambda row: "yes" if row["searched"] else "on request",
    "state floats": lambda row: f"{row['state_floats']:g}",
    "size": size,
    "trial": lambda row: row["name"],
    "quality": quality,
    "rows": trained_rows,
    "tags": lambda row: ", ".join(row["tags"]),
    "note": first_words,
}
"""Columns that are not simply a value of the row."""
COLUMNS: Final = {
    "optimizers": ("name", "searched", "state floats", "summary"),
    "schedules": ("name", "searched", "summary"),
    "regularizers": ("name", "searched", "summary"),
    "wrappers": ("name", "searched", "state floats", "summary"),
    "models": ("name", "takes", "summary"),
    "trials": ("trial", "state", "stage", "optimizer", "quality", "error"),
    "datasets": ("name", "task", "kind", "size", "source", "licence"),
}
"""The columns of each kind; of any other, the name and the summary."""


def text(kind: str, rows: Sequence[Row], width: int | None = None) -> str:
    """Return rows of one kind as lines of text; a row has the keys of `advisor.cli.listing.listing`.

    Args:
        kind: of the rows.
        rows: as they were read.
        width: of the terminal; None for a file or a pipe.
    """
    columns = COLUMNS.get(kind, ("name", "summary"))
    if any(row.get("sample_rows") for row in rows):
        columns = (*columns[:4], "rows", *columns[4:])
    if kind == "trials" and any(row["tags"] or row["note"] for row in rows):
        columns = (*columns[:-1], "tags", "note", columns[-1])
    cells = [list(columns), *([_cell(row, column) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns) - 1)]
    return "\n".join(_line(line, widths, width) for line in cells)


def _cell(row: Row, column: str) -> str:
    return (CELLS[column](row) if column in CELLS else str(row[column] or "")) or "-"


def _line(cells: list[str], widths: list[int], width: int | None) -> str:
    start = "".join(f"{cell:<{size}}  " for cell, size in zip(cells, widths, strict=False))
    if width is not None and len(start) + NARROWEST > width:  # the last column goes below
        return "\n".join([refold(start.rstrip(), width), fold(cells[-1], "    ", width=width)])
    return textwrap.fill(
        cells[-1],
        max(width or WIDTH, len(start) + NARROWEST),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
