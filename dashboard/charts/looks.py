"""How charts look: one colour and one mark an optimizer, the same everywhere; titles that state the finding, axes with units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import plotly.graph_objects as go

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#F0E442")
"""Okabe and Ito's palette, told apart by colour-blind readers; grey for their black, which a dark page would hide."""
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How an optimizer looks in every chart."""

    colour: str
    symbol: str
    """A second mark beside the colour, so that no reader depends on colour alone."""


def styles(optimizers: Iterable[str]) -> dict[str, Style]:
    """Give each optimizer its look, in their order; 56 of them before two look the same."""
    marks = zip(cycle(COLOURS), cycle(SYMBOLS), strict=False)
    return {
        name: Style(colour=colour, symbol=symbol)
        for name, (colour, symbol) in zip(dict.fromkeys(optimizers), marks, strict=False)
    }


def finished(figure: go.Figure, finding: str, metric: str, direction: str) -> go.Figure:
    """Give a chart of qualities its title, which states the finding, its axis and its legend."""
    way = "higher is better" if direction == "maximize" else "lower is better"
    figure.update_yaxes(title_text=f"validation {metric} ({way})")
    legend = {"title_text": "optimizer", "itemsizing": "constant"}
    figure.update_layout(title_text=finding, showlegend=True, legend=legend, height=400, margin={"t": 60, "b": 50})
    return figure
