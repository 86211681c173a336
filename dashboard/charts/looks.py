"""Style of the charts: one colour and one mark an optimizer, the same everywhere; titles and legends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import plotly.graph_objects as go

from studies import catalogue
from studies.direction import Direction

if TYPE_CHECKING:
    from advisor.statements.statement import Statement

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#999933")
"""Okabe and Ito's palette, told apart by colour-blind readers; grey for their black, which a dark page
would hide, and olive for their yellow, which a light one would."""
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, OLIVE = COLOURS
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
FOLD: Final = 62
"""Characters of a title's line that fit at 800 pixels."""
ROW_PIXELS: Final = 34
HEAD_PIXELS: Final = 170
"""Height of a chart with a row an optimizer: of each row, and of title and axis."""
MANY: Final = 5
"""Qualities from which on the worst few may be left out of the first view."""
BULK: Final = 0.8
"""Share of the marks that are shown at first where the rest lies far below."""
FAR: Final = 3.0
"""So many times the distance from the best to the bulk, the worst lies far below."""
DISTINCT: Final = len(COLOURS) * len(SYMBOLS)
"""Styles before two are the same."""
COMMON: Final = ("AdamW", "Nesterov", "Muon", "Lion", "ScheduleFreeAdamW", "Adagrad", "SGD", "Momentum")
"""Optimizers that enter most often: each has a colour to itself among them."""

BELOW: Final = {
    "orientation": "h",
    "yref": "container",
    "y": 0,
    "yanchor": "bottom",
    "x": 0,
    "xanchor": "left",
    "title_text": "",
    "itemsizing": "constant",
}
"""Legend under a chart, where it takes none of the width; its marks have one size."""
RING: Final = {"symbol": "circle-open", "size": 18, "color": VERMILION, "line": {"width": 3}}
"""Around the mark of the best run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """Style of an optimizer, the same in every chart."""

    colour: str
    symbol: str
    """A second mark beside the colour, so that no reader depends on colour alone."""

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


def folded(finding: str) -> str:
    """Break a title into lines that a page 800 pixels wide shows whole; Plotly breaks none itself."""
    return "<br>".join(wrap(finding, FOLD))


def titled(figure: go.Figure, finding: Statement) -> go.Figure:
    """Give a chart its title: a statement in words, its kind and figures beside them for programs."""
    return figure.update_layout(title_text=folded(str(finding)), meta=finding.to_dict())


def legend_below(figure: go.Figure, *, height: int, bottom: int = 110) -> go.Figure:
    """Lay the legend under a chart, where a narrow page has room for it.

    `bottom` is the least room in pixels below the axes; Plotly takes more for a legend of many lines.
    """
    return figure.update_layout(legend=BELOW, height=height, margin={"t": 70, "b": bottom})


def transparent(figure: go.Figure, finding: Statement | str, *, height: int) -> go.Figure:
    """Give a chart its title and lay it over the page, whose colour shows through."""
    if isinstance(finding, str):
        figure.update_layout(title_text=folded(finding))
    else:
        titled(figure, finding)
    legend_below(figure, height=height, bottom=50)
    title = figure.layout.title.text
    return figure.update_layout(
        margin={"t": 58 + 22 * title.count("<br>"), "r": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
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


def tinted(colour: str, share: float) -> str:
    """Return a colour that lets what is behind it through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"


def label_qualities(figure: go.Figure, finding: Statement, metric: str, direction: Direction) -> go.Figure:
    """Give a chart of qualities its title, which states the finding, its axis and its legend."""
    titled(figure, finding)
    figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)")
    legend = {"title_text": "optimizer", "itemsizing": "constant"}
    return figure.update_layout(showlegend=True, legend=legend, height=400, margin={"t": 60, "b": 50})
