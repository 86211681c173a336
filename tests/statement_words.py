"""Words of statements: the numbers in them, and the ways to write a figure or what is made of two figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import permutations
from typing import Any, Final

from advisor.report.numbers import chance, duration, number, percent, ratio, size, size_limit, trials
from advisor.statements.statement import Statement

NUMBER: Final = re.compile(r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
PLURAL_OF_ONE: Final = re.compile(
    r"(?<![\d.,])1 (\w+ )?(runs|trials|seeds|rows|epochs|pairs|recipes|optimizers|points)\b"
)


def texts(value: Any) -> Iterator[str]:
    """Return each text among the figures: names and errors may hold any number."""
    if isinstance(value, str):
        yield value
    for item in _parts(value):
        yield from texts(item)


def counts(value: Any) -> Iterator[float]:
    """Return each number among the figures, and how many there are in a list."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
    if isinstance(value, tuple):
        yield len(value)
    for item in _parts(value):
        yield from counts(item)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        yield from value
    elif is_dataclass(value):
        yield from (getattr(value, field.name) for field in fields(value))


def writings(value: float) -> set[str]:
    """Return the ways to write a figure."""
    digits = {f"{abs(value):.{places}g}" for places in range(2, 18)} | {f"{100 * abs(value):.2g}"}
    ways = {
        number(value),
        percent(abs(value)),
        size(value),
        *([size_limit(value)] if value >= 1 else []),
        duration(value),
        f"{value:.0f}",
        f"{value:.1f}",
        *digits,
    }
    if 0 <= value <= 1:
        ways.add(chance(value))
    if abs(value) < 700:
        ways.add(ratio(value))
    return {written for way in ways for written in NUMBER.findall(way)}


def written_of_two(value: float, other: float) -> set[str]:
    """Return the ways to write what is made of two figures: their difference, and the one as a share."""
    made = writings(value - other) | {f"{abs(value - other):.2g}"}
    if other:
        share = value / other
        shares = (percent(abs(1 - share)), percent(abs((value - other) / other)))
        made |= {number(round(share, 1)), *(way for each in shares for way in NUMBER.findall(each))}
    return made


def without(words: str, names: Iterable[str]) -> str:
    """Return words with a blank for each name in them: `trial 1` is none in `trial 13`."""
    for name in filter(None, sorted(names, key=len, reverse=True)):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", words)
    return words


def strange_numbers(statement: Statement, words: str) -> set[str]:
    """Return the numbers in the words that are no writing of a figure, nor made of two figures."""
    figures = [getattr(statement, field.name) for field in fields(statement)]
    named = {text for figure in figures for text in texts(figure)} | {trials(statement.trials)}
    words = without(words, named)
    values = list(dict.fromkeys(value for figure in figures for value in counts(figure)))
    allowed = {written for value in values for written in writings(value)}
    left = {written.rstrip(",") for written in NUMBER.findall(words)} - allowed
    if left and len(values) < 40:
        left -= {way for pair in permutations(values, 2) for way in written_of_two(*pair)}
    return left


def wrong(value: Any) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    return value + max(1.0, abs(value)) if isinstance(value, (int, float)) else (*value, "Nobody")
