"""Importances: how much of the spread in quality goes with each setting of an optimizer, and how much would by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis import importances as weigh
from advisor.analysis.importances import ENOUGH, Importance
from advisor.analysis.searched_space import numbers, options, searched
from advisor.evidence import has_quality
from advisor.report.numbers import listed, several
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, COLOURS, Style, folded, styles
from dashboard.charts.space import batch_range, first_optimizer

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MOST_BARS: Final = 15


def importances(study: Study, optimizer: str) -> tuple[Importance, ...]:
    """Return the importances of an optimizer's settings over its whole runs."""
    qualities = {
        record.number: record.measured_quality
        for record in searched(study.records, optimizer)
        if has_quality(record)
    }
    found = numbers(study.records, optimizer, batch_size=batch_range(study))
    return weigh.importances(
        qualities,
        {one.label: one.values for one in found},
        {one.label: one.values for one in options(study.records, optimizer)},
    )


def bars(found: Sequence[Importance], optimizer: str, look: Style) -> go.Figure:
    """Draw a bar a setting, and a mark at what chance alone exceeds once in 20: what passes it is solid."""
    shown = found[:MOST_BARS]
    figure = go.Figure()
    figure.add_bar(
        y=[one.label for one in shown], x=[one.share for one in shown], orientation="h", name="share of the spread",
        marker={"color": look.colour, "opacity": [1.0 if one.above_chance else 0.35 for one in shown]},
        customdata=[one.runs for one in shown], hovertemplate="%{y}: %{x:.0%} over %{customdata} whole runs<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        y=[one.label for one in shown], x=[one.chance for one in shown], mode="markers", name="chance exceeds this once in 20",
        marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": COLOURS[3]}},
        hovertemplate="%{y}: chance alone exceeds %{x:.0%} once in 20<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="share of the variance of quality ranks", tickformat=".0%", range=(0, 1))
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_layout(
        title_text=folded(_finding(found, optimizer)),
        height=190 + 30 * len(shown),
        legend=BELOW,
        margin={"t": 70, "b": 110},
    )
    return figure


def rows(found: Sequence[Importance]) -> list[dict[str, Any]]:
    """Return what the bars draw as rows of a table."""
    return [
        {"setting": one.label, "share": one.share, "chance": one.chance, "whole_runs": one.runs}
        for one in found
    ]


def _finding(found: Sequence[Importance], optimizer: str) -> str:
    if not found:
        return f"{optimizer or 'No optimizer'}: too few whole runs to tell which setting matters"
    told = weigh.labels_above_chance(found)
    runs = max(one.runs for one in found)
    few = f", and {several(runs, 'whole run')} tell little" if runs < ENOUGH else ""
    if not told:
        return f"{optimizer}: no setting stands out from chance{few}"
    return f"{optimizer}: {listed(told[:3])} matter{'s' if len(told) == 1 else ''} most{few}"


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    return bars(importances(study, optimizer), optimizer, styles((*study.optimizers, optimizer))[optimizer])


PLOTS: Final[Mapping[str, Plot]] = {"importances": Plot(_of_leader, "a whole study")}
