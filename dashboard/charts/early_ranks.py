"""Early ranks: how far the ranks of runs at each rung foretell those at their end, with the interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.early_ranks import Over, RankCorrelation, early_ranks, in_words
from advisor.report.optimizer_styles import BLUE, GREEN, VERMILION
from dashboard.charts import Plot
from dashboard.charts.looks import legend_below, worded

if TYPE_CHECKING:
    from dashboard.snapshot import Study

LOOKS: Final[Mapping[Over, tuple[str, str, float]]] = {
    "all runs": (BLUE, "circle", 0.0),
    "within optimizers": (VERMILION, "square", 0.02),
    "between optimizers": (GREEN, "diamond", -0.02),
}
"""Colour, mark, and by how much of a run a mark stands aside, so that intervals do not cover one another."""


def correlation_lines(correlations: Sequence[RankCorrelation]) -> go.Figure:
    """Draw the rank correlation at each rung: of all runs, within optimizers and between them."""
    figure = go.Figure()
    for over, (colour, symbol, aside) in LOOKS.items():
        points = [each for each in correlations if each.over == over]
        if points:
            figure.add_scatter(
                x=[point.epoch + aside * point.epochs for point in points],
                y=[point.correlation for point in points],
                error_y={
                    "array": [point.high - point.correlation for point in points],
                    "arrayminus": [point.correlation - point.low for point in points],
                    "thickness": 2,
                    "width": 6,
                },
                mode="lines+markers",
                name=over,
                line={"color": colour},
                marker={"color": colour, "symbol": symbol, "size": 10},
                customdata=[[point.epoch, point.compared, point.low, point.high] for point in points],
                hovertemplate="epoch %{customdata[0]}: %{y:.2f} (90 % interval %{customdata[2]:.2f} to "
                "%{customdata[3]:.2f}), %{customdata[1]} compared<extra></extra>",
            )
    if correlations:
        rungs = sorted({each.epoch for each in correlations} | {correlations[0].epochs})
        figure.update_xaxes(
            title_text="epoch of the rung", tickvals=rungs, range=(0, 1.04 * correlations[0].epochs)
        )
        figure.update_yaxes(title_text="rank correlation with the end", range=(-1.05, 1.05))
    worded(figure, "early_ranks", in_words(correlations)).update_layout(showlegend=True)
    return legend_below(figure, height=400 if correlations else 200)


def rows(correlations: Sequence[RankCorrelation]) -> list[dict[str, Any]]:
    """Return what the lines draw as rows of a table."""
    return [asdict(each) for each in correlations]


def _of_study(study: Study) -> go.Figure:
    return correlation_lines(early_ranks(study.records, study.direction))


PLOTS: Final[Mapping[str, Plot]] = {"early-ranks": Plot(_of_study, "a whole study")}
