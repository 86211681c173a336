"""Log axes with round marks: bytes in KiB and MiB, seconds in ms and µs.

Some marks are in view however short the span.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from studies.quantities import format_bytes, format_seconds

WIDE: Final = 8.0
"""Largest over smallest from which marks are powers; below it they are even steps."""
MARKS: Final = 4
ROOM: Final = 1.12
"""Factor beyond the smallest and the largest value."""


def bytes_axis(values: Iterable[float | None]) -> dict[str, Any]:
    """Return a log axis of bytes."""
    return _axis(values, 1024, _doublings, format_bytes)


def seconds_axis(values: Iterable[float | None]) -> dict[str, Any]:
    """Return a log axis of seconds."""
    return _axis(values, 1000, _decades, format_seconds)


def _axis(
    values: Iterable[float | None],
    unit: int,
    powers: Callable[[float, float], list[float]],
    write: Callable[[float], str],
) -> dict[str, Any]:
    known = [value for value in values if value]
    if not known:
        return {}
    low, high = min(known) / ROOM, max(known) * ROOM
    marks = _thinned(powers(low, high)) if high / low >= WIDE else _steps(low, high, unit)
    texts = [write(mark) for mark in marks]
    return {"type": "log", "range": (math.log10(low), math.log10(high)), "tickvals": marks, "ticktext": texts}


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


def _steps(low: float, high: float, unit: int) -> list[float]:
    """Return even steps between two values, round ones in the unit that the smaller is written in."""
    scale = float(unit) ** math.floor(math.log(low, unit))
    rough = (high - low) / scale / MARKS
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * decade for digit in (1, 2, 5, 10) if digit * decade >= rough) * scale
    return [step * times for times in _between(low / step, high / step)]
