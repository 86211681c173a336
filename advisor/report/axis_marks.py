"""Marks of an axis: round values of bytes, seconds or a metric, a few in view however short the span."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from studies.direction import Direction
from studies.quantities import format_bytes, format_seconds

WIDE: Final = 8.0
"""Largest over smallest from which marks are powers; below it they are even steps."""
MARKS: Final = 4
ALIKE: Final = 1e-9
"""Share of their size by which values differ that no axis tells apart."""
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


def log_axis(values: Iterable[float | None], *, seconds: bool) -> Axis | None:
    """Return a log axis over bytes or seconds, which all are above 0; None without a value.

    What is zero or not known is left out.
    """
    known = [value for value in values if value]
    if not known:
        return None
    low, high = min(known) / ROOM, max(known) * ROOM
    unit, powers = (1000, _decades) if seconds else (1024, _doublings)
    marks = _thinned(powers(low, high)) if high / low >= WIDE else steps(low, high, unit)
    write = format_seconds if seconds else format_bytes
    return Axis(low=low, high=high, marks=tuple(marks), texts=tuple(map(write, marks)))


def even_axis(
    values: Iterable[float],
    *,
    write: Callable[[float], str],
    unit: int = 1000,
    room: float = 0.06,
    whole: bool = False,
) -> Axis:
    """Return an even axis over some values, at least one.

    Args:
        values: in bytes, seconds, epochs or a metric.
        write: how a mark is written.
        unit: 1024 for bytes, so that marks are round in the unit that they are written in.
        room: share of the span that is left free at each end.
        whole: whether marks stand at whole numbers only.
    """
    known = list(values)
    low, high = min(known), max(known)
    size = max(abs(low), abs(high))
    alike = high - low <= ALIKE * size
    beyond = (size if size > ALIKE**2 else 1.0) / 2 if alike else room * (high - low)
    below = 0.0 if low == 0 else low - beyond
    marks = [mark for mark in steps(below, high + beyond, unit) if not whole or mark.is_integer()]
    return Axis(low=below, high=high + beyond, marks=tuple(marks), texts=tuple(map(write, marks)))


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


def _between(low: float, high: float) -> range:
    return range(math.ceil(low), math.floor(high) + 1)


def _doublings(low: float, high: float) -> list[float]:
    return [2.0**power for power in _between(math.log2(low), math.log2(high))]


def _decades(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if high / low < 100 else (1,)
    return [mark for power in powers for digit in digits if low <= (mark := digit * 10.0**power) <= high]


def _thinned(marks: Sequence[float]) -> list[float]:
    return list(marks[:: max(1, math.ceil(len(marks) / MARKS))])


def steps(low: float, high: float, unit: int = 1000) -> list[float]:
    """Return even steps between two values, round ones in the unit that the smaller is written in."""
    smaller = low if low > 0 else max(high, 1.0)
    scale = float(unit) ** math.floor(math.log(smaller, unit))
    rough = (high - low) / scale / MARKS
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * decade for digit in (1, 2, 5, 10) if digit * decade >= rough) * scale
    return [step * times for times in _between(low / step, high / step)]
