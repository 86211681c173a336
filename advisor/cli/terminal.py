"""Terminal: answers on stdout, everything else on stderr, the handler of Ctrl-C, and exit statuses."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from typing import Any, Final

import typer

from studies.errors import StudyWarning

DONE: Final = 0
DEFECT: Final = 1
WRONG_INPUT: Final = 2
NOTHING_FEASIBLE: Final = 3
MOSTLY_FAILED: Final = 4
INTERRUPTED: Final = 130
STATUSES: Final[Mapping[int, str]] = {
    DONE: "done",
    DEFECT: "a defect of the program, or something that `advisor doctor` finds broken; one line says what",
    WRONG_INPUT: "wrong input: an option, a file, a name, your own code; one line says what to do",
    NOTHING_FEASIBLE: "nothing fits the limits (a line says what to relax), or no trial completed",
    MOSTLY_FAILED: "half of the trials or more failed; the advice stands, one line says why they did",
    INTERRUPTED: "interrupted by Ctrl-C; everything finished is kept, the line says how to go on",
}
"""What each exit status means; they stay as they are from version to version."""


def show(text: str) -> None:
    """Print an answer."""
    typer.echo(text)


def show_json(value: object) -> None:
    """Print an answer as one JSON value."""
    from studies.storage.journal import dump

    typer.echo(dump(value))


def say(line: str) -> None:
    """Tell what is no part of the answer."""
    typer.echo(line, err=True)


def fail(line: str, status: int) -> None:
    """End with one line and a status."""
    say(f"advisor: {line}")
    sys.exit(status)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings that are ours as one plain line each, and none twice."""
    earlier, lines = warnings.showwarning, set[str]()

    def print_warning(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if not issubclass(category, StudyWarning):
            earlier(message, category, *where, **more)
        elif str(message) not in lines:
            lines.add(str(message))
            say(f"advisor: {message}")

    warnings.showwarning = print_warning
    try:
        yield
    finally:
        warnings.showwarning = earlier


def prints_aside() -> AbstractContextManager[object]:
    """Send whatever the user's own code prints to stderr, for as long as the block lasts."""
    return redirect_stdout(sys.stderr)


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Handle Ctrl-C: yield a function that tells whether it was pressed; a second one interrupts at once."""
    signals: list[int] = []

    def on_interrupt(number: int, frame: object) -> None:  # noqa: ARG001
        if signals:
            raise KeyboardInterrupt
        signals.append(number)
        say("stopping; press Ctrl-C again to stop at once")

    earlier_handler = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield lambda: bool(signals)
    finally:
        signal.signal(signal.SIGINT, earlier_handler)
