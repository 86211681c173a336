"""Tables of Markdown, for the generated parts of the documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.report.layout import grid


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown; a bar or a line's end in a cell does not end the cell.

    Args:
        columns: the names in its first line.
        rows: as many texts each as there are columns.

    Example:
        >>> print(table(("a", "b"), [("1", "x")]))
        | a | b |
        | --- | --- |
        | 1 | x |
    """
    return grid(tuple(columns), (tuple(map(_cell, row)) for row in rows))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
