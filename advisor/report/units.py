"""Unit of a chart or a table: the one that all its bytes or seconds are written in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from advisor.report.numbers import number
from studies.quantities import SECOND_STEPS


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """Unit of bytes or seconds."""

    name: str
    """As an axis names it; empty for plain numbers."""
    per: float = 1.0
    """Bytes or seconds of one."""

    def of(self, value: float) -> float:
        """Return bytes or seconds as a number of this unit."""
        return value / self.per

    def write(self, value: float) -> str:
        """Write bytes or seconds in this unit: 14.1 µs."""
        return f"{number(self.of(value))} {self.name}".rstrip()

    def titled(self, label: str) -> str:
        """Return a label with the unit behind it: model size (KiB)."""
        return f"{label} ({self.name})" if self.name else label


PLAIN: Final = Unit(name="")
BYTES: Final = tuple(
    Unit(name=name, per=2.0**power) for power, name in ((30, "GiB"), (20, "MiB"), (10, "KiB"))
)


def unit_of(values: Iterable[float | None], *, seconds: bool) -> Unit:
    """Return the unit that the middle of some values, on a log scale, is read best in."""
    known = [value for value in values if value]
    middle = math.sqrt(min(known)) * math.sqrt(max(known)) if known else 1.0
    if seconds:
        units = (Unit(name=name, per=1 / factor) for below, factor, name in SECOND_STEPS if middle < below)
        return next(units, Unit(name="h", per=3600.0))
    return next((unit for unit in BYTES if middle >= unit.per), Unit(name="B"))
