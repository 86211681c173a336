"""Contour: quality over learning rate and weight decay of one optimizer, smoothed where trials are enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import NumericSetting, decay, numbers, searched
from advisor.analysis.surface import FEWEST, surface
from advisor.evidence import has_quality
from advisor.report.numbers import number
from dashboard.charts import Plot
from dashboard.charts.looks import RING, Style, folded, legend_below, styles
from dashboard.charts.space import first_optimizer
from studies.direction import Direction
from studies.quantities import several
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

EDGE: Final = "rgba(255, 255, 255, 0.8)"
"""Around marks, which stand on a coloured surface."""


def contour(
    records: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting] | None,
    style: Style,
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw quality over two numbers: the trials, and under them a surface smoothed over the whole runs.

    The surface needs twelve whole runs or more.
    """
    figure = go.Figure()
    whole = _whole_runs(records, pair) if pair else []
    if pair is None or not whole:
        title = "No whole run with a learning rate and a weight decay yet"
        return figure.update_layout(title_text=title, height=200)
    best = min(whole, key=lambda record: direction.loss(record.quality))
    _add_surface(figure, whole, pair, metric, direction)
    _add_trials(figure, whole, pair, style, metric)
    figure.add_scatter(
        x=[pair[0].values[best.number]],
        y=[pair[1].values[best.number]],
        mode="markers",
        name=f"best: trial {best.number}",
        marker=RING,
        hoverinfo="skip",
    )
    figure.update_xaxes(title_text="learning rate", type="log", exponentformat="none")
    figure.update_yaxes(title_text=pair[1].label, type="log", exponentformat="none")
    figure.update_layout(title_text=folded(_finding(best, pair, len(whole))))
    return legend_below(figure, height=500)


def pair_of(records: Sequence[Record], optimizer: str) -> tuple[NumericSetting, NumericSetting] | None:
    """Return the learning rates and weight decays of an optimizer's trials; None if either did not vary."""
    key = f"optimizer.{optimizer}.lr"
    rates = next((setting for setting in numbers(records, optimizer) if setting.key == key), None)
    decays = decay(records, optimizer)
    return (rates, decays) if rates and decays else None


def rows(records: Sequence[Record], pair: tuple[NumericSetting, NumericSetting]) -> list[dict[str, Any]]:
    """Return what the contour draws as rows of a table."""
    return [
        {"trial": record.number, "quality": record.quality}
        | {setting.label: setting.values[record.number] for setting in pair}
        for record in _whole_runs(records, pair)
    ]


def _whole_runs(records: Sequence[Record], pair: tuple[NumericSetting, NumericSetting]) -> list[Record]:
    return [
        record
        for record in records
        if has_quality(record) and all(record.number in setting.values for setting in pair)
    ]


def _add_surface(
    figure: go.Figure,
    whole: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting],
    metric: str,
    direction: Direction,
) -> None:
    x, y = (_log_ends(setting, whole) for setting in pair)
    xs, ys = ([setting.values[record.number] for record in whole] for setting in pair)
    places = [
        (_place(a, x), _place(b, y), record.measured_quality)
        for a, b, record in zip(xs, ys, whole, strict=True)
    ]
    if smoothed := surface(places):
        figure.add_contour(
            x=[_value_at(place, x) for place in smoothed.xs],
            y=[_value_at(place, y) for place in smoothed.ys],
            z=smoothed.z,
            colorscale="Cividis",
            reversescale=not direction.maximizes,
            ncontours=12,
            line={"width": 0.5},
            opacity=0.85,
            colorbar={"title": {"text": metric, "side": "right"}, "thickness": 14},
            hovertemplate="lr %{x:.3g}, weight decay %{y:.3g}: about %{z:.4g}<extra></extra>",
            name="smoothed",
        )


def _add_trials(
    figure: go.Figure,
    whole: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting],
    style: Style,
    metric: str,
) -> None:
    figure.add_scatter(
        x=[pair[0].values[record.number] for record in whole],
        y=[pair[1].values[record.number] for record in whole],
        mode="markers",
        name=f"{whole[0].optimizer}, whole runs",
        customdata=[[record.number, record.quality] for record in whole],
        marker=style.marker(size=9, line={"width": 1, "color": EDGE}),
        hovertemplate=f"trial %{{customdata[0]}}: {metric} %{{customdata[1]:.4g}}"
        "<br>lr %{x:.3g}, weight decay %{y:.3g}<extra></extra>",
    )


def _log_ends(setting: NumericSetting, whole: Sequence[Record]) -> tuple[float, float]:
    logs = [math.log(setting.values[record.number]) for record in whole]
    return min(logs), max(logs)


def _place(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (math.log(value) - low) / (high - low) if high > low else 0.5


def _value_at(place: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return math.exp(low + place * (high - low))


def _finding(best: Record, pair: tuple[NumericSetting, NumericSetting], runs: int) -> str:
    lr, decays = (number(setting.values[best.number]) for setting in pair)
    few = "" if runs >= FEWEST else f"; {several(runs, 'whole run')} are too few for a surface"
    return f"{best.optimizer} is best at lr {lr}, weight decay {decays}{few}"


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    style = styles((*study.optimizers, optimizer))[optimizer]
    trials, pair = searched(study.records, optimizer), pair_of(study.records, optimizer)
    return contour(trials, pair, style, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"contour": Plot(_of_leader, "a whole study")}
