"""Errors that a user can cause, each one plain line: what was given, what is allowed, what to do.

StudyError
├── UnknownChoice (KeyError)      a name that is in no catalogue
├── BadValue (ValueError)         a setting that cannot be used
├── BadWorkload (ValueError)      data or a model that cannot be trained on
├── StoreError (OSError)          a home, study or database that cannot be read or written
│   └── StudyNotFound
└── NothingFeasible               no recipe fits the limits
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

LONGEST_SHOWN: Final = 200
"""Most characters of somebody's input that a message repeats."""
LONG_WORD: Final = re.compile(rf"(\S{{{LONGEST_SHOWN}}})\S{{4,}}")
"""Text without a space that is longer: a name, or a number of thousands of digits."""


class StudyError(Exception):
    """Base of every error that is the input's fault, not the program's."""

    def __str__(self) -> str:
        text = str(self.args[0]) if self.args else ""
        text = text if text.isprintable() else one_line(text)
        return LONG_WORD.sub(lambda word: f"{word[1]}...", text)


class UnknownChoice(StudyError, KeyError):
    """A name that is in no catalogue."""


class BadValue(StudyError, ValueError):
    """A setting that cannot be used."""


class BadWorkload(StudyError, ValueError):
    """Data or a model that cannot be trained on."""


class StoreError(StudyError, OSError):
    """A home, a study or a database that cannot be read or written."""


class StudyNotFound(StoreError):
    """No study of that name in the store."""


class StudyBegins(StoreError):
    """A study whose journal is being written for the first time by another process."""


class StudyWarning(UserWarning):
    """What a user should know though it stops nothing."""


class NothingFeasible(StudyError):
    """No recipe fits the limits; the message says which to relax, and to what."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'X'?` for the nearest known name, or a full stop: either ends a clause."""
    folded = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name[:LONGEST_SHOWN].lower(), folded, n=1, cutoff=0.5)
    return f"; did you mean '{folded[near[0]]}'?" if near else "."


def check_one_of(name: str, value: object, allowed: Collection[str]) -> None:
    """Raise BadValue unless the value of an option is one of those allowed."""
    if value not in allowed:
        raise BadValue(f"{name} {shown(value)} is not one of {', '.join(allowed)}")


def shown(value: object) -> str:
    """Return somebody's input as a message repeats it: one line, cut where it is long, a text in quotes."""
    try:
        text = str(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
    text = text if text.isprintable() else one_line(text)
    text = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return f"'{text}'" if isinstance(value, str) else text


def plainly(text: str) -> str:
    """Return somebody's text as `shown` does, without quotes."""
    return shown(text)[1:-1]


def listed(names: Iterable[str]) -> str:
    """Return somebody's names as a message lists them, cut where they are long."""
    return plainly(", ".join(names))


def one_line(text: object, *, longest: int | None = None) -> str:
    """Return a text or an error's words in one line of printable characters.

    Args:
        text: of any length and with any characters; those that cannot be printed are escaped.
        longest: so many characters stay; None for all.
    """
    words = " ".join(str(text).split())
    plain = words if words.isprintable() else "".join(map(_printable, words))
    return plain[:longest]


def shortened(text: str) -> str:
    """Return a message that somebody else made around an input, in one line: begin and end of a long one."""
    line = one_line(text)
    return line if len(line) <= 2 * LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 20]} … {line[-40:]}"


def named_line(error: BaseException, *, longest: int | None = None) -> str:
    """Return an error of somebody else's code in one line, its type first."""
    return f"{type(error).__name__}: {one_line(error, longest=longest)}"


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
