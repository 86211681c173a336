"""Terminal: answers on stdout, everything else on stderr, and exit statuses."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stdout, suppress
from typing import IO, TYPE_CHECKING, Any, Final

import typer

from studies.errors import StoreError, StudyWarning

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation

DONE: Final = 0
DEFECT: Final = 1
WRONG_INPUT: Final = 2
NOTHING_FEASIBLE: Final = 3
MOSTLY_FAILED: Final = 4
HUNG_UP: Final = 129
INTERRUPTED: Final = 130
TERMINATED: Final = 143
STATUSES: Final[Mapping[int, str]] = {
    DONE: "done",
    DEFECT: "a defect, what `advisor doctor` finds broken, or trials lost by a failing disk; a line says it",
    WRONG_INPUT: "wrong input: an option, a file, a name, your own code; one line says what to do",
    NOTHING_FEASIBLE: "nothing fits the limits (a line says what to relax), or no trial completed",
    MOSTLY_FAILED: "half of the trials or more failed; the advice stands, one line says why they did",
    HUNG_UP: "stopped by SIGHUP, as a terminal that is closed sends it; else as 130",
    INTERRUPTED: "stopped by Ctrl-C; the answer is that of what was finished, the line says how to go on",
    TERMINATED: "stopped by SIGTERM, as `kill` and job schedulers send it; else as 130",
}
"""What each exit status means; they stay as they are from version to version."""
NARROWEST: Final = 60
WIDEST: Final = 120
NOBODY_READS: Final = (errno.EPIPE, errno.EIO)
"""What writing raises once a pipe is closed, as `| head` does, or a terminal has hung up."""


def width(stream: IO[str] | None = None) -> int:
    """Return how many columns a text has: those of the terminal, 60 to 120; elsewhere as in a file.

    Args:
        stream: where it goes; stdout by default.
    """
    from advisor.report.layout import WIDTH

    stream = stream or sys.stdout
    if not stream.isatty():
        return WIDTH
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return WIDTH
    return max(NARROWEST, min(WIDEST, columns or WIDTH))


def show(text: str) -> None:
    """Print an answer; where nobody reads it any more, to nobody.

    Raises:
        StoreError: it cannot be written, as where a disk is full.
    """
    try:
        typer.echo(text)
    except OSError as error:
        discard(sys.stdout)
        if error.errno not in NOBODY_READS:
            raise StoreError(f"the answer cannot be written to stdout ({error.strerror})") from None


def show_answer(answer: Recommendation, commands: Sequence[str], *, full: bool) -> None:
    """Print a recommendation as wide as the terminal: on one screen, or the whole of it.

    Args:
        answer: the recommendation.
        commands: what to type next; part of the short answer.
        full: whether all of it is wanted.
    """
    from advisor.short_answer import short_answer

    columns = width()
    show(answer.to_text(columns) if full else short_answer(answer, width=columns, commands=commands))


def show_json(value: object) -> None:
    """Print an answer as one JSON value."""
    from studies.storage.journal import dump

    show(dump(value))


def say(line: str) -> None:
    """Tell what is no part of the answer; where stderr cannot be written, nobody.

    On a terminal it is wrapped, and a command at its end has a line of its own, to be copied whole.
    """
    try:
        typer.echo(_wrapped(line) if sys.stderr.isatty() else line, err=True)
    except OSError:
        discard(sys.stderr)


def _wrapped(text: str) -> str:
    """Return text as wide as the terminal; a command that ends a line stands whole on the next."""
    from advisor.report.layout import fold

    columns, lines = width(sys.stderr), []
    for line in text.split("\n"):
        words, colon, command = line.rpartition(": advisor ")
        if len(line) <= columns:
            lines.append(line)
        elif colon and ";" not in command:
            lines += [fold(f"{words}:", width=columns), f"  advisor {command}"]
        else:
            lines.append(fold(line, width=columns))
    return "\n".join(lines)


def discard(stream: IO[str]) -> None:
    """Send what is still written to a stream to nobody, so that Python's last flush does not fail either."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
