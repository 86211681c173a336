"""Edits of source text by the places of its syntax tree: comments and layout of all else stay."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Edits:
    """Edits of one text, applied together."""

    text: str
    changes: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._bytes = self.text.encode()
        self._starts = [0]
        for line in self._bytes.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends, in bytes."""
        place: ast.expr = node  # type: ignore[assignment]
        end_line, end_column = place.end_lineno or place.lineno, place.end_col_offset or 0
        start = self._starts[place.lineno - 1] + place.col_offset
        return start, self._starts[end_line - 1] + end_column

    def source(self, node: ast.AST) -> str:
        """Return the text of a node as it was."""
        start, end = self.span(node)
        return self._bytes[start:end].decode()

    def replace(self, node: ast.AST, text: str) -> None:
        """Put a text in place of a node."""
        self.changes.append((*self.span(node), text))

    def span_whole(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends with the brackets around it alone, if there are any."""
        start, end = self.span(node)
        before, after = self._bytes[start - 1 : start], self._bytes[end : end + 1]
        called = self._bytes[start - 2 : start - 1].decode(errors="replace")
        bracketed = before == b"(" and after == b")" and not (called.isalnum() or called in set("_)]"))
        return (start - 1, end + 1) if bracketed else (start, end)

    def replace_whole(self, node: ast.AST, text: str) -> None:
        """Put a text in place of a node and of the brackets around it alone."""
        self.changes.append((*self.span_whole(node), text))

    def cut(self, start: int, end: int) -> None:
        """Take out what stands between two places."""
        self.changes.append((start, end, ""))

    def remove_lines(self, node: ast.stmt) -> None:
        """Take out the lines of a statement."""
        last = node.end_lineno or node.lineno
        self.cut(self._starts[node.lineno - 1], min(self._starts[last], len(self._bytes)))

    def find(self, text: str, start: int, end: int) -> int:
        """Return the last place of a text between two places, -1 for none."""
        return self._bytes.rfind(text.encode(), start, end)

    def find_first(self, text: str, start: int, end: int) -> int:
        """Return the first place of a text between two places, -1 for none."""
        return self._bytes.find(text.encode(), start, end)

    def change(self, start: int, end: int, text: str) -> None:
        """Put a text in place of what stands between two places."""
        self.changes.append((start, end, text))

    def applied(self) -> str:
        """Return the text with all edits made; one inside another that is replaced has no effect."""
        result, end = list[bytes](), len(self._bytes)
        outermost, reached = list[tuple[int, int, str]](), 0
        for start, stop, text in sorted(self.changes, key=lambda change: (change[0], -change[1])):
            if start >= reached:
                outermost.append((start, stop, text))
                reached = stop
        for start, stop, text in reversed(outermost):
            result += [self._bytes[stop:end], text.encode()]
            end = start
        return b"".join(reversed([*result, self._bytes[:end]])).decode()
