"""Style of an optimizer: one colour and one mark each, the same in every chart, page and report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from zlib import crc32

from studies import catalogue

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#C2669A", "#B97F00", "#3C95C9", "#7F7F7F", "#87872D")
"""Okabe and Ito's palette, told apart by colour-blind readers: grey for their black, which a dark page would
hide, and the light ones as dark as it takes to stand out from a white page (3 : 1 on both, WCAG 1.4.11)."""
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, OLIVE = COLOURS
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
DISTINCT: Final = len(COLOURS) * len(SYMBOLS)
"""Styles before two are the same."""
COMMON: Final = ("AdamW", "Nesterov", "Muon", "Lion", "ScheduleFreeAdamW", "Adagrad", "SGD", "Momentum")
"""Optimizers that enter most often: each has a colour to itself among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """Style of an optimizer, the same in every chart."""

    colour: str
    symbol: str
    """A second mark beside the colour, so that no reader depends on colour alone."""
    muted: bool = False
    """Whether it is grey among many, behind those that matter."""

    def marker(self, **fields: object) -> dict[str, Any]:
        """Return a marker in this colour and symbol; fields add to it or replace the symbol."""
        return {"color": self.colour, "symbol": self.symbol} | fields

    def line(self, width: float, **fields: object) -> dict[str, Any]:
        """Return a line in this colour."""
        return {"color": self.colour, "width": width} | fields


def styles(optimizers: Iterable[str]) -> dict[str, Style]:
    """Give each optimizer its style, the same in every study; 56 of them before two are the same."""
    installed = _places_of_installed()
    names = list(dict.fromkeys(optimizers))
    places = {name: installed[name] for name in names if name in installed}
    for name in sorted(set(names).difference(installed)):
        places[name] = _free_place(name, {*installed.values(), *places.values()}, set(places.values()))
    return {
        name: Style(colour=COLOURS[places[name] % len(COLOURS)], symbol=SYMBOLS[places[name] % len(SYMBOLS)])
        for name in names
    }


@cache
def _places_of_installed() -> dict[str, int]:
    """Return the place of every installed optimizer: first those that enter most often, then by name."""
    others = sorted(set(catalogue.choices("optimizer")).difference(COMMON))
    return {name: place for place, name in enumerate((*COMMON, *others))}


def _free_place(name: str, reserved: set[int], taken: set[int]) -> int:
    """Return a place for an optimizer that is not installed: by its name, among the free ones.

    Free is what no installed optimizer has; where none is left, what no optimizer of this chart has.
    """
    start = crc32(name.encode())
    for avoided in (reserved, taken, set[int]()):
        free = [place for place in range(DISTINCT) if place not in avoided]
        if free:
            return free[start % len(free)]
    return start % DISTINCT
