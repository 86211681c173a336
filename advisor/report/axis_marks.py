"""Marks of an axis: round values of bytes, seconds or a metric, a few in view however short the span."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from advisor.report.numbers import number
from advisor.report.units import PLAIN, Unit
from studies.direction import Direction

WIDE: Final = 8.0
"""Largest over smallest from which marks are powers; below it they are even steps."""
MARKS: Final = 5
FULL: Final = 2.5
HALF: Final = 4.0
MOST: Final = 9
"""Decades up to which each has its 1, 2 and 5 marked, or its 1 and 3; and the most marks of decades."""
ALIKE: Final = 1e-9
"""Share of their size by which values differ that no axis tells apart."""
LONE: Final = 0.04
"""Share of its size on both sides of a lone value."""
ROOM: Final = 1.12
"""Factor beyond the smallest and the largest value."""
MANY: Final = 5
"""Qualities from which on the worst few may be left out of the first view."""
BULK: Final = 0.8
"""Share of the marks that are shown at first where the rest lies far below."""
FAR: Final = 3.0
"""So many times the distance from the best to the bulk, the worst lies far below."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """Axis of a chart: its ends, and where its marks stand with what is written at them."""

    low: float
    high: float
    marks: tuple[float, ...]
    texts: tuple[str, ...]


def log_axis(values: Iterable[float | None], *, unit: Unit = PLAIN) -> Axis | None:
    """Return a log axis over values above 0; None without one. What is zero or not known is left out.

    Args:
        values: in bytes, seconds or plain numbers.
        unit: that marks are round in, and written in without its name, which the axis' title has.
    """
    known = [unit.of(value) for value in values if value]
    if not known:
        return None
    low, high = min(known) / ROOM, max(known) * ROOM
    marks = log_marks(low, high) if high / low >= WIDE else steps(low, high)
    return Axis(
        low=low * unit.per,
        high=high * unit.per,
        marks=tuple(mark * unit.per for mark in marks),
        texts=tuple(map(number, marks)),
    )


def log_marks(low: float, high: float) -> list[float]:
    """Return marks 1, 2, 5 of every decade between two values, of many decades the first or fewer."""
    decades = math.log10(high / low)
    digits = (1, 2, 5) if decades <= FULL else (1, 3) if decades <= HALF else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = max(1, math.ceil(len(powers) / MOST))
    return [
        mark
        for power in powers[::every]
        for digit in digits
        if low <= (mark := _in_decade(digit, power)) <= high
    ]


def even_axis(
    values: Iterable[float],
    *,
    write: Callable[[float], str],
    unit: Unit = PLAIN,
    room: float = 0.06,
    whole: bool = False,
) -> Axis:
    """Return an even axis over some values, at least one.

    Args:
        values: in bytes, seconds, epochs or a metric.
        write: how a mark is written.
        unit: that marks are round in, and that they are written in.
        room: share of the span that is left free at each end.
        whole: whether marks stand at whole numbers only.
    """
    known = [unit.of(value) for value in values]
    low, high = min(known), max(known)
    size = max(abs(low), abs(high))
    alike = high - low <= ALIKE * size
    beyond = LONE * (size if size > ALIKE**2 else 1.0) if alike else room * (high - low)
    below = 0.0 if low == 0 else low - beyond
    marks = [mark for mark in steps(below, high + beyond) if not whole or mark.is_integer()]
    return Axis(
        low=below * unit.per,
        high=(high + beyond) * unit.per,
        marks=tuple(mark * unit.per for mark in marks),
        texts=tuple(map(write, marks)),
    )


def reach(qualities: Iterable[float], direction: Direction) -> tuple[float, float] | None:
    """Return the qualities to show at first where the worst few would press the others into a line.

    None shows all.
    """
    ranked = sorted(qualities, key=direction.loss)
    if len(ranked) < MANY:
        return None
    best, bulk, worst = ranked[0], ranked[round(BULK * (len(ranked) - 1))], ranked[-1]
    if bulk == best or abs(worst - best) < FAR * abs(bulk - best):
        return None
    room = 0.15 * (best - bulk)
    low, high = sorted((best + room, bulk - room))
    return low, high


def _in_decade(digit: int, power: int) -> float:
    """Return a digit times a power of ten, with no rest of arithmetic in its last place."""
    return float(f"{digit}e{power}")


def steps(low: float, high: float) -> list[float]:
    """Return even steps between two values, of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / MARKS
    power = math.floor(math.log10(rough))
    step = next(size for digit in (1, 2, 5, 10) if (size := _in_decade(digit, power)) >= rough * (1 - ALIKE))
    return [step * times for times in range(math.ceil(low / step), math.floor(high / step) + 1)]
