"""Display of a search's progress: the one that fits where stderr goes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol, Self

from advisor.cli.progress.board import Board
from advisor.cli.progress.lines import Lines
from advisor.cli.progress.live import Live

if TYPE_CHECKING:
    from advisor.jobs.session import Session
    from studies.search.event import Event


class Display(Protocol):
    """Progress display of a search; used as a context manager around it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    def listen(self, event: Event) -> None:
        """Take note of an event."""
        ...


def progress(session: Session, *, searching: bool = True) -> Display:
    """Return the display that fits where stderr goes, of the search or of the compression."""
    board = Board.of(session, searching=searching)
    return Live(board) if moves_its_cursor() else Lines(board)


def moves_its_cursor() -> bool:
    """Tell whether stderr is a terminal on which what was written can be written over."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "") in {"dumb", "unknown"}:
        return False
    if os.name != "nt":
        return True
    from rich.console import Console

    return not Console(stderr=True).legacy_windows
