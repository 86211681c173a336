"""How charts look: one colour and one mark an optimizer, the same everywhere; titles that state the finding, axes with units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from textwrap import wrap
from typing import Final
from zlib import crc32

import plotly.graph_objects as go

from studies import catalogue
from studies.direction import Direction

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#999933")
"""Okabe and Ito's palette, told apart by colour-blind readers; grey for their black, which a dark page would hide, and olive for
their yellow, which a light one would."""
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
FOLD: Final = 62
MANY: Final = 5
BULK: Final = 0.8
"""Share of the marks that are shown at first where the rest lies far below."""
FAR: Final = 3.0
LOOKS: Final = len(COLOURS) * len(SYMBOLS)
COMMON: Final = ("AdamW", "Nesterov", "Muon", "Lion", "ScheduleFreeAdamW", "Adagrad", "SGD", "Momentum")
"""Optimizers that enter most often: each has a colour to itself among them."""

BELOW: Final = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left"}
"""A legend under the chart, where it takes none of the width."""
RING: Final = {"symbol": "circle-open", "size": 18, "color": COLOURS[1], "line": {"width": 3}}
"""Around the mark of the best run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How an optimizer looks in every chart."""

    colour: str
    symbol: str
    """A second mark beside the colour, so that no reader depends on colour alone."""


def styles(optimizers: Iterable[str]) -> dict[str, Style]:
    """Give each optimizer its look, the same in every study; 56 of them before two look the same."""
    own = _known()
    names = list(dict.fromkeys(optimizers))
    places = {name: own[name] for name in names if name in own}
    for name in sorted(set(names).difference(own)):
        places[name] = _free(name, {*own.values(), *places.values()}, set(places.values()))
    return {
        name: Style(colour=COLOURS[places[name] % len(COLOURS)], symbol=SYMBOLS[places[name] % len(SYMBOLS)]) for name in names
    }


@cache
def _known() -> dict[str, int]:
    """Return the place of every optimizer that is installed: first those that enter most often, then the others by name."""
    others = sorted(set(catalogue.choices("optimizer")).difference(COMMON))
    return {name: place for place, name in enumerate((*COMMON, *others))}


def _free(name: str, reserved: set[int], taken: set[int]) -> int:
    """Return a place for an optimizer that nobody knows: by its name, among those that no known one has, or nobody here."""
    start = crc32(name.encode())
    for avoided in (reserved, taken, set[int]()):
        free = [place for place in range(LOOKS) if place not in avoided]
        if free:
            return free[start % len(free)]
    return start % LOOKS


def folded(finding: str) -> str:
    """Break a title into lines that a page 800 pixels wide shows whole; Plotly breaks none itself."""
    return "<br>".join(wrap(finding, FOLD))


def legend_below(figure: go.Figure, *, height: int) -> go.Figure:
    """Lay the legend under a chart, where a narrow page has room for it."""
    legend = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -0.2,
        "yanchor": "top",
        "title_text": "",
        "itemsizing": "constant",
    }
    return figure.update_layout(legend=legend, showlegend=True, height=height, margin={"t": 80, "b": 110})


def reach(qualities: Iterable[float], direction: Direction) -> tuple[float, float] | None:
    """Return the qualities to show at first where the worst few would press the others into a line; None to show all."""
    found = sorted(qualities, key=direction.loss)  # the best first
    if len(found) < MANY:
        return None
    best, bulk, worst = found[0], found[round(BULK * (len(found) - 1))], found[-1]
    if bulk == best or abs(worst - best) < FAR * abs(bulk - best):
        return None
    room = 0.15 * (best - bulk)
    low, high = sorted((best + room, bulk - room))
    return low, high


def tinted(colour: str, share: float) -> str:
    """Return a colour that lets what is behind it through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"


def finished(figure: go.Figure, finding: str, metric: str, direction: Direction) -> go.Figure:
    """Give a chart of qualities its title, which states the finding, its axis and its legend."""
    figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)")
    legend = {"title_text": "optimizer", "itemsizing": "constant"}
    figure.update_layout(title_text=finding, showlegend=True, legend=legend, height=400, margin={"t": 60, "b": 50})
    return figure
