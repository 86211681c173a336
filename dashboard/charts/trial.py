"""One trial: its metric with the same recipe's other seeds behind it, and its losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.report.numbers import number
from advisor.report.optimizer_styles import GREY, Style, styles
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.axes import EVEN, whole_scale
from dashboard.charts.looks import RING, tinted, titled, transparent
from dashboard.charts.trials import leader, search_leader
from dashboard.trial_facts import best_point, losses_title, metric_title, repeats
from studies.direction import Direction
from studies.record import Measurement, Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

HEIGHT: Final = 330


def metric_curve(
    record: Record, repeats: Sequence[Record], style: Style, *, metric: str, direction: Direction
) -> go.Figure:
    """Draw the metric of a trial by epoch, its best epoch ringed, over the other seeds in grey.

    Args:
        record: the trial.
        repeats: its recipe with every seed.
        style: of its optimizer.
        metric: its name.
        direction: which way it is better.
    """
    figure = go.Figure()
    for each in repeats:
        if each.number != record.number and each.curve:
            line = {"color": tinted(GREY, 0.6), "width": 1.5}
            figure.add_trace(_line(each, _metric, f"trial {each.number}, seed {each.seed}", line))
    figure.add_trace(_line(record, _metric, f"trial {record.number}", style.line(3)))
    if best := best_point(record, direction):
        ring = go.Scatter(
            x=[best.epoch],
            y=[best.valid_metric],
            mode="markers",
            marker=RING,
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_trace(ring)
    figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)")
    return _laid_out(figure, record, metric_title(record, metric, direction))


def loss_curve(record: Record, style: Style) -> go.Figure:
    """Draw the training and the validation loss of a trial by epoch."""
    figure = go.Figure()
    figure.add_trace(_line(record, lambda point: point.valid_loss, "validation", style.line(3)))
    figure.add_trace(_line(record, lambda point: point.train_loss, "training", style.line(2, dash="dot")))
    figure.update_yaxes(title_text="loss (lower is better)")
    return _laid_out(figure, record, losses_title(record))


def _metric(point: Measurement) -> float:
    return point.valid_metric


def _line(
    record: Record, value: Callable[[Measurement], float], name: str, line: dict[str, object]
) -> go.Scatter:
    known = [point for point in record.curve if math.isfinite(value(point))]
    return go.Scatter(
        x=[point.epoch for point in known],
        y=[value(point) for point in known],
        customdata=[[record.number, number(value(point))] for point in known],
        name=name,
        mode="lines+markers" if len(known) == 1 else "lines",
        line=line,
        hovertemplate=f"{name}<br>epoch %{{x}}: %{{customdata[1]}}<extra></extra>",
    )


def _laid_out(figure: go.Figure, record: Record, title: str) -> go.Figure:
    figure.update_xaxes(title_text="epoch", **whole_scale(record.epochs))
    return transparent(figure.update_yaxes(**EVEN), title, height=HEIGHT).update_layout(showlegend=True)


def _of_best(study: Study) -> go.Figure:
    best = leader([record for record in study.records if record.searched], study.direction)
    if best is None:
        return titled(go.Figure(), NothingComplete(runs="search")).update_layout(height=200)
    style, same = styles(study.optimizers)[best.optimizer], repeats(study.records, best)
    figure = metric_curve(best, same, style, metric=study.metric, direction=study.direction)
    return titled(figure, search_leader(study.records, study.metric, study.direction))


PLOTS: Final[Mapping[str, Plot]] = {"best-trial": Plot(_of_best, "a whole run")}
