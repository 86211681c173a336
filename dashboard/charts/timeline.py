"""Timeline: which worker had which trial when, a bar from rung to rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.report.numbers import number
from advisor.report.optimizer_styles import Style
from advisor.report.units import Unit, unit_of
from advisor.statements.statement import Statement
from advisor.statements.titles_timeline import WorkersBusy
from dashboard.charts import Plot
from dashboard.charts.axes import EVEN
from dashboard.charts.looks import HEAD_PIXELS, legend_below, titled
from studies.record import Record
from studies.trials.timeline import Lane, lanes, use

if TYPE_CHECKING:
    from dashboard.snapshot import Study

LANE_PIXELS: Final = 44
MOST_BARS: Final = 1500
"""Bars that are drawn, the latest: a browser is slow with more."""


def timeline(records: Sequence[Record], style_of: Mapping[str, Style]) -> go.Figure:
    """Draw a lane a worker and on it each trial from rung to rung; what was pruned or failed is faded."""
    every = lanes(records)
    shown, unit = every[-MOST_BARS:], unit_of((lane.end for lane in every), seconds=True)
    places = {worker: place for place, worker in enumerate(sorted({lane.worker for lane in shown}))}
    figure = go.Figure()
    for optimizer, style in style_of.items():
        bars = [lane for lane in shown if lane.record.optimizer == optimizer]
        if bars:
            figure.add_trace(_bars(bars, places, style, unit))
    figure.update_xaxes(title_text=unit.titled("since the first trial began"), **EVEN, rangemode="tozero")
    names = [f"worker {place + 1}" for place in places.values()]
    figure.update_yaxes(tickvals=list(places.values()), ticktext=names, autorange="reversed")
    titled(figure, workers_busy(records))
    figure.update_layout(barmode="overlay", bargap=0.25)
    return legend_below(figure, height=HEAD_PIXELS + 60 + LANE_PIXELS * max(1, len(places)))


def _bars(bars: Sequence[Lane], places: Mapping[int, int], style: Style, unit: Unit) -> go.Bar:
    optimizer = bars[0].record.optimizer
    return go.Bar(
        base=[unit.of(bar.start) for bar in bars],
        x=[unit.of(bar.end - bar.start) for bar in bars],
        y=[places[bar.worker] for bar in bars],
        orientation="h",
        name=optimizer,
        marker={
            "color": style.colour,
            "opacity": [1.0 if bar.record.state == "complete" else 0.45 for bar in bars],
            "line": {"width": 1, "color": "rgba(255, 255, 255, 0.8)"},
        },
        customdata=[_about(bar, unit) for bar in bars],
        hovertemplate=f"trial %{{customdata[0]}}, {optimizer} (%{{customdata[1]}}, %{{customdata[2]}})"
        "<br>%{customdata[3]} from %{customdata[4]} on%{customdata[5]}<extra></extra>",
    )


def _about(bar: Lane, unit: Unit) -> list[Any]:
    record = bar.record
    reached = "" if record.quality is None else f"<br>reached {number(record.quality)}"
    times = (unit.write(bar.end - bar.start), unit.write(bar.start))
    return [record.number, record.state, record.stage, *times, reached]


def workers_busy(records: Sequence[Record]) -> Statement:
    """Say how many workers had a trial on average."""
    timed = [record for record in records if record.stints]
    used = use(lanes(timed))
    if used is None:
        return WorkersBusy(runs=0)
    return WorkersBusy(runs=len(timed), seconds=used.seconds, busy=used.busy, most=used.most)


def rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the bars as rows of a table, in seconds."""
    return [
        {
            "trial": lane.record.number,
            "optimizer": lane.record.optimizer,
            "state": lane.record.state,
            "stage": lane.record.stage,
            "worker": lane.worker,
            "start_seconds": lane.start,
            "end_seconds": lane.end,
        }
        for lane in lanes(records)
    ]


def _drawn(study: Study) -> go.Figure:
    return timeline(study.records, study.style_of)


PLOTS: Final[Mapping[str, Plot]] = {"timeline": Plot(_drawn, "a whole study")}
