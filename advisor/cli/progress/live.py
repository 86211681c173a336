"""Live display: a frame on a terminal that follows the search, within a few hundred bytes a second."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self, TextIO

from advisor.cli.progress.frame import frame
from advisor.cli.progress.screen import Screen
from advisor.cli.terminal import discard, say

if TYPE_CHECKING:
    from advisor.cli.progress.board import Board
    from studies.search.event import Event

PAUSE_SECONDS: Final = 0.25
"""Between two frames."""
BYTES_A_SECOND: Final = 400
AT_ONCE_BYTES: Final = 5000
"""That may be written beyond what the seconds so far allow: with them a minute has less than 30 kB."""
COLUMNS_ROWS: Final = (80, 24)
"""Of a terminal that does not tell its size."""


class ByteRate:
    """Rate of bytes: so many a second, saved up to a limit.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._at, self._bytes = clock, clock(), float(AT_ONCE_BYTES)

    def allows(self) -> bool:
        """Tell whether something may be written now."""
        now = self._clock()
        self._bytes = min(AT_ONCE_BYTES, self._bytes + (now - self._at) * BYTES_A_SECOND)
        self._at = now
        return self._bytes > 0

    def take(self, count: int) -> None:
        """Count bytes that were written."""
        self._bytes -= count


class Live:
    """Live display of a board on stderr; what else is printed there meanwhile stands above it."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._stream: TextIO = sys.stderr
        self._screen = Screen(styled=not os.environ.get("NO_COLOR"))
        self._rate, self._writing, self._reading = ByteRate(), threading.RLock(), threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="progress")
        self._ascii = not _can_write(self._stream, "\N{BOX DRAWINGS HEAVY HORIZONTAL}\N{MIDDLE DOT}")
        self._above = Above(self._stream, self.print_above)
        self._replaced: tuple[TextIO, TextIO] | None = None

    def __enter__(self) -> Self:
        self._replaced = sys.stdout, sys.stderr
        if sys.stdout is sys.stderr:  # what the user's code prints was sent there
            sys.stdout = self._above
        sys.stderr = self._above
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the frame away, so that the answer has the screen, and leave a line of what was done."""
        self._ended.set()
        self._thread.join()
        self._above.finish()
        if self._replaced is not None:
            sys.stdout, sys.stderr = self._replaced
        self._write(self._screen.erase())
        say(f"{self._board.name}: {self._board.states()}, in {self._board.clock()}")

    def listen(self, event: Event) -> None:
        """Take note of an event; the frame follows."""
        with self._reading:
            self._board.take(event)

    def print_above(self, text: str) -> None:
        """Print something above the frame, which is written anew."""
        with self._writing:
            self._write(self._screen.erase() + text)

    def _follow(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            if self._rate.allows():
                self._draw()

    def _draw(self) -> None:
        columns, rows = self._size()
        with self._reading:
            lines = frame(self._board, columns, rows, ascii_only=self._ascii)
        with self._writing:
            text = self._screen.update(lines, columns)
            self._rate.take(len(text.encode()))
            self._write(text)

    def _size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return COLUMNS_ROWS
        return size.columns or COLUMNS_ROWS[0], size.lines or COLUMNS_ROWS[1]

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # the terminal was closed
            self._ended.set()
            discard(self._stream)


class Above(io.TextIOBase):
    """Text stream whose lines are printed above a frame.

    Args:
        stream: of the terminal.
        print_lines: prints whole lines.
    """

    def __init__(self, stream: TextIO, print_lines: Callable[[str], None]) -> None:
        self._stream, self._print, self._line = stream, print_lines, ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return that of the terminal."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Print the lines that are whole; keep the rest for later."""
        whole, newline, self._line = (self._line + text).rpartition("\n")
        if newline:
            self._print(f"{whole}\n")
        return len(text)

    def finish(self) -> None:
        """Print what has no end yet, as a line."""
        if self._line:
            self.write("\n")

    def isatty(self) -> bool:
        """Return that it is a terminal."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
