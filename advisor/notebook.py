"""Notebook: a search that is called in a cell shows its progress there, and the stop button ends it."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from advisor.report.elements import Html
from advisor.report.section import Section, Table
from advisor.report.section_html import notebook_cell

if TYPE_CHECKING:
    from advisor.cli.progress.board import Board
    from advisor.jobs.session import Session
    from studies.search.event import Event

Listen = Callable[["Event"], None]
Stop = Callable[[], bool]

PAUSE_SECONDS: Final = 0.25
"""Between two updates of a cell."""


def in_kernel() -> bool:
    """Tell whether this process is the kernel of a notebook; IPython is not imported for it."""
    return hasattr(_shell(), "kernel")


@contextmanager
def attended(session: Session, *, searching: bool, listen: Listen | None) -> Iterator[tuple[Listen, Stop]]:
    """Attend to a search for as long as the block lasts: yield who listens to it and what stops it.

    In a notebook a table in the cell follows it, unless the caller listens. Ctrl-C or the stop button stops
    it as soon as what is being trained can be left.
    """
    with stopped_by_interrupt() as stop:
        if listen is not None or not in_kernel():
            yield listen or _hear_warnings, stop
            return
        from advisor.cli.progress.board import Board

        with CellProgress(Board.of(session, searching=searching)) as progress:
            yield progress.listen, stop


@contextmanager
def stopped_by_interrupt() -> Iterator[Stop]:
    """Yield a function that tells whether Ctrl-C was pressed; a second one raises KeyboardInterrupt at once.

    Signals reach the main thread alone, and a program's own handler of Ctrl-C stays in its place.
    """
    presses: list[int] = []

    def note(number: int, frame: object) -> None:  # noqa: ARG001
        presses.append(number)
        if len(presses) > 1:
            raise KeyboardInterrupt

    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not in_main_thread or before is not signal.default_int_handler:
        yield _never
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(presses)
    finally:
        signal.signal(signal.SIGINT, before)


class CellProgress:
    """Progress of a search in the cell that called it: one table that is written again in its place."""

    def __init__(self, board: Board) -> None:
        self._board, self._written = board, 0.0
        self._handle: Any = None

    def __enter__(self) -> Self:
        from IPython.display import HTML, display

        page = HTML(self.html())  # type: ignore[no-untyped-call]
        self._handle = display(page, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last state of the table in the cell."""
        self._update()

    def listen(self, event: Event) -> None:
        """Take note of an event, and write the table again unless that was just done."""
        self._board.take(event)
        if time.monotonic() - self._written >= PAUSE_SECONDS:
            self._update()

    def html(self) -> Html:
        """Return the table as it stands."""
        titles, rows = self._board.table()
        table = Table(titles=titles, rows=tuple(rows), about="progress of the search")
        below = Section(title=self._board.states(), tables=(table,))
        return notebook_cell(self._board.title(), (), (below,))

    def _update(self) -> None:
        from IPython.display import HTML

        self._written = time.monotonic()
        if self._handle is not None:
            self._handle.update(HTML(self.html()))  # type: ignore[no-untyped-call]


def _shell() -> Any:
    """Return IPython's shell; None where IPython is not loaded or runs none."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _never() -> bool:
    return False


def _hear_warnings(event: Event) -> None:
    """Log what has to reach a user who does not listen."""
    if event.warns:
        logging.getLogger("advisor").warning(event.note)
