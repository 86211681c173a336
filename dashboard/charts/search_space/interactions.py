"""Interactions: what two settings together say of quality beyond each by itself, and what chance would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis import interactions as analysis
from advisor.analysis.interactions import FEWEST, Interaction
from advisor.analysis.searched_space import numbers, options, searched
from advisor.evidence import has_quality
from advisor.report.optimizer_styles import GREY, Style, styles
from dashboard.charts import Plot
from dashboard.charts.looks import legend_below, worded
from dashboard.charts.search_space.importances import draw_chance, importances
from dashboard.charts.search_space.subject import batch_range, first_optimizer

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MOST_BARS: Final = 10
JOINT: Final = " × "
CHANCE: Final = "the largest of all pairs exceeds this once in 20 by chance"


def interactions_of(study: Study, optimizer: str) -> tuple[Interaction, ...]:
    """Return the interactions of an optimizer's settings over its whole runs, the largest first."""
    trials = searched(study.records, optimizer)
    return analysis.interactions(
        {run.number: run.measured_quality for run in trials if has_quality(run)},
        {
            setting.label: setting.values
            for setting in numbers(study.records, optimizer, batch_size=batch_range(study))
        },
        {setting.label: setting.values for setting in options(study.records, optimizer)},
        ranking=[importance.label for importance in importances(study, optimizer)],
    )


def pair_bars(ranking: Sequence[Interaction], optimizer: str, style: Style) -> go.Figure:
    """Draw a bar a pair with its error, and a mark at what chance alone exceeds once in 20."""
    shown = ranking[:MOST_BARS]
    labels = [JOINT.join(pair.labels) for pair in shown]
    figure = go.Figure()
    if shown:
        _add_bars(figure, shown, labels, style)
        draw_chance(figure, labels, [pair.chance for pair in shown], CHANCE)
    worded(figure, "interactions", says(ranking, optimizer))
    return legend_below(figure, height=190 + 30 * len(shown))


def _add_bars(figure: go.Figure, shown: Sequence[Interaction], labels: Sequence[str], style: Style) -> None:
    figure.add_bar(
        y=labels,
        x=[pair.share for pair in shown],
        orientation="h",
        name="share of the spread, with its standard error",
        error_x={"array": [pair.error for pair in shown], "thickness": 2, "width": 6, "color": GREY},
        marker={"color": style.colour, "opacity": [1.0 if pair.above_chance else 0.35 for pair in shown]},
        customdata=[[pair.runs, pair.error] for pair in shown],
        hovertemplate="%{y}: %{x:.0%} +- %{customdata[1]:.0%}"
        " over %{customdata[0]} whole runs<extra></extra>",
    )


def says(ranking: Sequence[Interaction], optimizer: str) -> str:
    """Say which two settings of an optimizer depend on one another more than by chance."""
    if not ranking:
        return f"No interactions of {optimizer} are known: fewer than {FEWEST} whole runs, or one setting"
    beyond = [pair for pair in ranking if pair.above_chance]
    if not beyond:
        return f"{optimizer}: no two settings interact more than by chance"
    first, count = beyond[0], len(beyond) - 1
    more = f", and {'one' if count == 1 else count} more pair{'s' * (count > 1)}" if count else ""
    return f"{optimizer}: how good {first.labels[0]} is depends on {first.labels[1]}{more}"


def rows(ranking: Sequence[Interaction]) -> list[dict[str, Any]]:
    """Return what the bars draw as rows of a table."""
    return [
        {
            "setting": pair.labels[0],
            "other": pair.labels[1],
            "share": pair.share,
            "error": pair.error,
            "chance": pair.chance,
            "whole_runs": pair.runs,
        }
        for pair in ranking
    ]


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    style = styles((*study.optimizers, optimizer))[optimizer]
    return pair_bars(interactions_of(study, optimizer), optimizer, style)


PLOTS: Final[Mapping[str, Plot]] = {"interactions": Plot(_of_leader, "a whole study")}
