"""Contour: quality over learning rate and weight decay of one optimizer, smoothed where trials are enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import NumericSetting, decay, numbers, searched
from advisor.analysis.surface import FEWEST, surface
from advisor.evidence import has_quality
from advisor.report.optimizer_styles import Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_settings import BestSettings, NoPair, SettingValue
from dashboard.charts import Plot
from dashboard.charts.looks import RING, legend_below, titled
from dashboard.charts.space import first_optimizer, optimizer_of
from dashboard.charts.trials import leaders
from studies.direction import Direction
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
        return titled(figure, best_pair(records, pair, metric, direction)).update_layout(height=200)
    best = leaders(whole, direction)[0]
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
    titled(figure, best_pair(records, pair, metric, direction))
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


def best_pair(
    records: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting] | None,
    metric: str,
    direction: Direction,
) -> Statement:
    """Say at which learning rate and weight decay the best of these search trials lies."""
    whole = _whole_runs(records, pair) if pair else []
    best = leaders(whole, direction)
    if pair is None or not best:
        return NoPair(subjects=optimizer_of(records))
    labels = ("lr", "weight decay")
    return BestSettings(
        subjects=(best[0].optimizer,),
        trials=tuple(record.number for record in best),
        metric=metric,
        quality=best[0].measured_quality,
        settings=tuple(
            SettingValue(key=setting.key, label=label, value=setting.values[best[0].number])
            for setting, label in zip(pair, labels, strict=True)
        ),
        whole_runs=len(whole),
        of=(best[0].optimizer,),
        only_with_them=True,
        fewest=FEWEST,
    )


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    style = styles((*study.optimizers, optimizer))[optimizer]
    trials, pair = searched(study.records, optimizer), pair_of(study.records, optimizer)
    return contour(trials, pair, style, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"contour": Plot(_of_leader, "a whole study")}
