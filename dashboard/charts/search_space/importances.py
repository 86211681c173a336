"""Importances: how much of the spread in quality goes with each setting, and how much would by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis import importances as analysis
from advisor.analysis.importances import ENOUGH, Importance
from advisor.analysis.searched_space import numbers, options, searched
from advisor.evidence import has_quality
from advisor.report.optimizer_styles import PURPLE, Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_settings import SettingShare, SettingsMatter
from dashboard.charts import Plot
from dashboard.charts.looks import legend_below, titled
from dashboard.charts.search_space.subject import batch_range, first_optimizer

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
    numeric = numbers(study.records, optimizer, batch_size=batch_range(study))
    return analysis.importances(
        qualities,
        {setting.label: setting.values for setting in numeric},
        {setting.label: setting.values for setting in options(study.records, optimizer)},
    )


def bars(ranking: Sequence[Importance], optimizer: str, style: Style) -> go.Figure:
    """Draw a bar a setting, and a mark at what chance alone exceeds once in 20: what passes it is solid."""
    shown = ranking[:MOST_BARS]
    labels = [importance.label for importance in shown]
    figure = go.Figure()
    figure.add_bar(
        y=labels,
        x=[importance.share for importance in shown],
        orientation="h",
        name="share of the spread",
        marker={
            "color": style.colour,
            "opacity": [1.0 if importance.above_chance else 0.35 for importance in shown],
        },
        customdata=[importance.runs for importance in shown],
        hovertemplate="%{y}: %{x:.0%} over %{customdata} whole runs<extra></extra>",
    )
    draw_chance(figure, labels, [importance.chance for importance in shown], "chance exceeds this once in 20")
    titled(figure, settings_matter(ranking, optimizer))
    return legend_below(figure, height=190 + 30 * len(shown))


def draw_chance(figure: go.Figure, labels: Sequence[str], chances: Sequence[float], name: str) -> None:
    """Add to bars of shares a mark a bar at what chance alone exceeds once in 20, and their axes.

    Args:
        figure: with a bar a label, the first one on top.
        labels: of the bars.
        chances: of each bar, from 0 to 1.
        name: of the marks in the legend.
    """
    figure.add_scatter(
        y=labels,
        x=chances,
        mode="markers",
        name=name,
        marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": PURPLE}},
        hovertemplate="%{y}: chance alone exceeds %{x:.0%} once in 20<extra></extra>",
    )
    figure.update_xaxes(title_text="share of the variance of quality ranks", tickformat=".0%", range=(0, 1))
    figure.update_yaxes(autorange="reversed", automargin=True)


def rows(ranking: Sequence[Importance]) -> list[dict[str, Any]]:
    """Return what the bars draw as rows of a table."""
    return [
        {
            "setting": importance.label,
            "share": importance.share,
            "chance": importance.chance,
            "whole_runs": importance.runs,
        }
        for importance in ranking
    ]


def settings_matter(ranking: Sequence[Importance], optimizer: str) -> Statement:
    """Say which settings of an optimizer matter more than by chance."""
    beyond_chance = analysis.labels_above_chance(ranking)
    return SettingsMatter(
        subjects=(optimizer,) if optimizer else (),
        beyond_chance=tuple(
            SettingShare(label=importance.label, share=importance.share, chance=importance.chance)
            for importance in ranking
            if importance.label in beyond_chance
        ),
        compared=len(ranking),
        runs=max((importance.runs for importance in ranking), default=0),
        enough=ENOUGH,
    )


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    return bars(importances(study, optimizer), optimizer, styles((*study.optimizers, optimizer))[optimizer])


PLOTS: Final[Mapping[str, Plot]] = {"importances": Plot(_of_leader, "a whole study")}
