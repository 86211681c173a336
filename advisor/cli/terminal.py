"""The terminal: answers on stdout, everything else on stderr, Ctrl-C as a wish, and how a command ends."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer

WRONG_INPUT: Final = 2
NOTHING_FEASIBLE: Final = 3
INTERRUPTED: Final = 130
DEFECT: Final = 1


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
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop, which the block can ask for; a second one interrupts at once."""
    wished: list[int] = []

    def wish(number: int, frame: object) -> None:  # noqa: ARG001
        if wished:
            raise KeyboardInterrupt
        wished.append(number)
        say("stopping; press Ctrl-C again to stop at once")

    before = signal.signal(signal.SIGINT, wish)
    try:
        yield lambda: bool(wished)
    finally:
        signal.signal(signal.SIGINT, before)
