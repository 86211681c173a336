"""Lines: progress where nothing can be written over, as in a file or a CI log: a line now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from advisor.cli.progress.records import describe
from advisor.cli.terminal import say
from advisor.report.numbers import number

if TYPE_CHECKING:
    from advisor.cli.progress.board import Board
    from studies.search.event import Event

EACH: Final = 40
"""Trials of a sitting that have a line each."""
LEAST_SECONDS: Final = 5.0
"""Between two lines that count the trials, once there are more; later a fortieth of the time so far."""
LATER: Final = 40


class Lines:
    """A line for each stage that begins, each of the first trials and each that failed; later a count."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lines, self._said_seconds = 0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to put away."""

    def listen(self, event: Event) -> None:
        """Print the event, or how many there were."""
        self._board.take(event)
        if event.note:
            self._say(f"{event.stage}: {event.note}")
        if event.record is None:
            return
        if self._lines < EACH or event.record.state == "failed":
            self._lines += 1
            self._say(describe(event.record, self._board.metric))
        elif self._board.elapsed - self._said_seconds >= max(LEAST_SECONDS, self._board.elapsed / LATER):
            self._say(self._count())

    def _count(self) -> str:
        best = self._board.leader()
        reached = (
            f"; best {best.optimizer} {self._board.metric} {number(best.measured_quality)}" if best else ""
        )
        return f"{self._board.stage}: {self._board.states()}{reached}; {self._board.left()}".rstrip("; ")

    def _say(self, line: str) -> None:
        self._said_seconds = self._board.elapsed
        say(f"[{self._board.elapsed:6.1f}s] {line}")
