"""Screen: lines on a terminal that are written again in their place, only where they changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from advisor.cli.progress.frame import Line

ESCAPE: Final = "\x1b["
STYLES: Final = {"bold": f"{ESCAPE}1m", "dim": f"{ESCAPE}2m"}
PLAIN: Final = f"{ESCAPE}0m"
CLEAR_LINE: Final = f"{ESCAPE}K"
CLEAR_BELOW: Final = f"{ESCAPE}J"


class Screen:
    """Screen: the frame that was written last, above the cursor.

    The cursor stays on the line below it, and is never hidden, as a process that is killed could not show it
    again.

    Args:
        styled: whether lines are bold or dim.
    """

    def __init__(self, *, styled: bool) -> None:
        self._styled = styled
        self.lines: list[Line] = []
        self._columns = 0

    def update(self, lines: Sequence[Line], columns: int) -> str:
        """Return what turns the last frame into this one; empty where nothing changed."""
        if columns != self._columns:
            start = self.erase()
            self._columns = columns
        else:
            start = ""
        before, self.lines = self.lines, list(lines)
        if before == self.lines:
            return start
        text, row = self._up(len(before)), 0
        for index, (old, new) in enumerate(zip(before, lines, strict=False)):
            if old != new:
                text += self._down(index - row) + self._changed(old, new)
                row = index
        shared = min(len(before), len(lines))
        text += self._down(shared - row) + "\r"
        text += CLEAR_BELOW if len(lines) < len(before) else CLEAR_LINE
        return start + text + "".join(f"{self._painted(line)}\n" for line in lines[shared:])

    def erase(self) -> str:
        """Return what takes the last frame away."""
        rows = sum(max(1, -(-len(line.text) // max(self._columns, 1))) for line in self.lines)
        self.lines = []
        return f"{self._up(rows)}\r{CLEAR_BELOW}" if rows else ""

    def _changed(self, old: Line, new: Line) -> str:
        """Return what writes a line over another: from where they differ to the end of that."""
        if old.style != new.style:
            return f"\r{self._painted(new)}{CLEAR_LINE}"
        from rich.cells import cell_len

        start = _alike(old.text, new.text)
        before, part = old.text[start:], new.text[start:]
        if len(before) == len(part):
            alike = _alike(before[::-1], part[::-1])
            part = part[: len(part) - alike]
        column = f"{ESCAPE}{cell_len(new.text[:start]) + 1}G"
        clear = CLEAR_LINE if len(new.text) < len(old.text) else ""
        return f"{column}{self._painted(new._replace(text=part))}{clear}"

    def _painted(self, line: Line) -> str:
        styled = self._styled and line.style and line.text
        return f"{STYLES[line.style]}{line.text}{PLAIN}" if styled else line.text

    @staticmethod
    def _up(rows: int) -> str:
        return f"{ESCAPE}{rows}A" if rows else ""

    @staticmethod
    def _down(rows: int) -> str:
        return f"{ESCAPE}{rows}B" if rows else ""


def _alike(left: str, right: str) -> int:
    """Return how many characters two texts have in common at their start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
