"""Style of the charts: one colour and one mark an optimizer, the same everywhere; titles and legends."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.report.optimizer_styles import VERMILION
from dashboard.charts.axes import EVEN
from studies.direction import Direction

if TYPE_CHECKING:
    from advisor.statements.statement import Statement

FOLD: Final = 62
"""Characters of a title's line that fit at 800 pixels."""
ROW_PIXELS: Final = 34
HEAD_PIXELS: Final = 170
"""Height of a chart with a row an optimizer: of each row, and of title and axis."""
BARE_TOP: Final = 34
"""Pixels above the axes of a chart without a title: of its bar of buttons, and of the names of panels."""

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


def folded(finding: str) -> str:
    """Break a title into lines that a page 800 pixels wide shows whole; Plotly breaks none itself."""
    return "<br>".join(wrap(finding, FOLD))


def titled(figure: go.Figure, finding: Statement) -> go.Figure:
    """Give a chart its title: a statement in words, its kind and figures beside them for programs."""
    return figure.update_layout(title_text=folded(str(finding)), meta=finding.to_dict())


def untitled(figure: go.Figure) -> tuple[str, go.Figure]:
    """Take the title off a figure: return it on one line, and the figure with as much room to draw in.

    A page writes the title above the chart, where it is wrapped at any width; Plotly would cut it. The figure
    is changed in place: a copy of 10,000 marks takes a tenth of a second.
    """
    title = figure.layout.title.text or ""
    bare_if_empty(figure)
    if not title:
        return "", figure
    figure.update_layout(title_text="")
    top = figure.layout.margin.t
    if top is not None and top > BARE_TOP:
        figure.update_layout(margin_t=BARE_TOP)
        if figure.layout.height is not None:
            figure.update_layout(height=figure.layout.height - top + BARE_TOP)
    return title.replace("<br>", " "), figure


def worded(figure: go.Figure, kind: str, says: str) -> go.Figure:
    """Give a chart its title in words that no statement of the advice makes."""
    return figure.update_layout(title_text=folded(says), meta={"kind": kind, "says": says})


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


def bare_if_empty(figure: go.Figure) -> go.Figure:
    """Take the axes off a chart that draws nothing: its title says what is missing."""
    if not figure.data:
        figure.update_xaxes(visible=False).update_yaxes(visible=False)
    return figure


def tinted(colour: str, share: float) -> str:
    """Return a colour that lets what is behind it through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"


def label_qualities(figure: go.Figure, finding: Statement, metric: str, direction: Direction) -> go.Figure:
    """Give a chart of qualities its title, which states the finding, its axis and its legend."""
    titled(figure, finding)
    figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)", **EVEN)
    legend = {"title_text": "optimizer", "itemsizing": "constant"}
    return figure.update_layout(showlegend=True, legend=legend, height=400, margin={"t": 60, "b": 50})
