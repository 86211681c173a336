"""Spotlight: of more than eight optimizers finalists in colour, the others grey, named at a line's end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from advisor.evidence import has_quality
from advisor.report.optimizer_styles import Style, styles
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST: Final = 8
"""Optimizers that a reader tells apart by colour."""
FINALISTS: Final = 3
"""Optimizers in colour where no run has been confirmed yet: those with the best runs."""
MUTED: Final = "#8A8A8A"
APART: Final = 0.045
"""Share of the height that two names at the ends of lines stand apart; others are named by the pointer."""


def spotlit(optimizers: Iterable[str], records: Sequence[Record], direction: Direction) -> dict[str, Style]:
    """Return the style of each optimizer, grey where there are many and it is no finalist."""
    style_of = styles(optimizers)
    if len(style_of) <= MOST:
        return style_of
    lit = finalists(records, direction)
    return {
        name: style if name in lit else replace(style, colour=MUTED, muted=True)
        for name, style in style_of.items()
    }


def finalists(records: Sequence[Record], direction: Direction) -> Collection[str]:
    """Return the optimizers that were confirmed; before that, those of the best whole runs."""
    whole = [record for record in records if has_quality(record)]
    confirmed = {record.optimizer for record in whole if record.stage == "confirm"}
    if confirmed:
        return confirmed
    ranked = sorted(whole, key=lambda record: direction.loss(record.measured_quality))
    return list(dict.fromkeys(record.optimizer for record in ranked))[:FINALISTS]


def name_ends(figure: go.Figure, style_of: Mapping[str, Style]) -> go.Figure:
    """Write the names of grey lines at their ends, and take these lines out of the legend."""
    ends = {}
    for trace in figure.data:
        if getattr(style_of.get(trace.name), "muted", False) and "lines" in (trace.mode or ""):
            trace.showlegend = False
            ends[trace.name] = (trace.x[-1], trace.y[-1])
    for name, (x, y) in _apart(ends).items():
        figure.add_scatter(
            x=[x],
            y=[y],
            mode="text",
            text=[f" {name}"],
            textposition="middle right",
            textfont={"color": MUTED, "size": 11},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
            cliponaxis=False,
        )
    return figure


def _apart(ends: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return the ends that are far enough from each other to be named, from the top."""
    heights = [y for _, y in ends.values()]
    room = APART * (max(heights) - min(heights)) if heights else 0.0
    named: dict[str, tuple[float, float]] = {}
    lowest = None
    for name, (x, y) in sorted(ends.items(), key=lambda end: -end[1][1]):
        if lowest is None or lowest - y > room:
            named[name], lowest = (x, y), y
    return named
