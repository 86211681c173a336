"""Tables of Markdown, for the generated parts of the documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
    lines = [columns, ["---" for _ in columns], *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
