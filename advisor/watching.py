"""Watching of a search that an estimator makes: shown while it runs, or silent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.jobs.session import Session
    from advisor.notebook import Listen, Stop


@contextmanager
def shown(session: Session) -> Iterator[tuple[Listen, Stop]]:
    """Show a search in the cell of a notebook, else as the command line does, notes first."""
    from advisor.cli.progress.display import progress
    from advisor.notebook import attended, in_kernel

    for note in session.notes:
        print(note, file=sys.stderr)  # noqa: T201 - it is asked for
    with (
        nullcontext() if in_kernel() else progress(session) as display,
        attended(session, searching=True, listen=display.listen if display else None) as watching,
    ):
        yield watching


@contextmanager
def silent(session: Session) -> Iterator[tuple[Listen, Stop]]:  # noqa: ARG001 - as the other takes it
    """Show nothing; Ctrl-C raises KeyboardInterrupt as ever."""
    yield lambda event: None, lambda: False
