"""Contour: quality over learning rate and weight decay of one optimizer, where there are trials enough to smooth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import NumericSetting, decay, numbers, searched
from advisor.analysis.surface import FEWEST, surface
from advisor.evidence import has_quality
from advisor.report.numbers import number, several
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, RING, Style, folded, styles
from dashboard.charts.space import first_optimizer
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

EDGE: Final = "rgba(255, 255, 255, 0.8)"
"""Around marks, which stand on a coloured surface."""


def contour(
    records: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting] | None,
    look: Style,
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw quality over two numbers: the trials, and under them a smoothed surface when there are twelve whole runs or more."""
    figure = go.Figure()
    whole = [
        record
        for record in records
        if has_quality(record) and pair and all(record.number in one.values for one in pair)
    ]
    if pair is None or not whole:
        figure.update_layout(
            title_text="No whole run with a learning rate and a weight decay yet", height=200
        )
        return figure
    x, y = (_log_ends(one, whole) for one in pair)
    xs, ys = ([one.values[record.number] for record in whole] for one in pair)
    places = [
        (_place(a, x), _place(b, y), record.measured_quality)
        for a, b, record in zip(xs, ys, whole, strict=True)
    ]
    if found := surface(places):
        figure.add_contour(
            x=[_at(place, x) for place in found.xs], y=[_at(place, y) for place in found.ys], z=found.z,
            colorscale="Cividis", reversescale=not direction.maximizes, ncontours=12, line={"width": 0.5}, opacity=0.85,
            colorbar={"title": {"text": metric, "side": "right"}, "thickness": 14},
            hovertemplate="lr %{x:.3g}, weight decay %{y:.3g}: about %{z:.4g}<extra></extra>", name="smoothed",
        )  # fmt: skip
    best = min(whole, key=lambda record: direction.loss(record.quality))
    figure.add_scatter(
        x=xs, y=ys, mode="markers", name=f"{best.optimizer}, whole runs",
        customdata=[[record.number, record.quality] for record in whole],
        marker={"color": look.colour, "symbol": look.symbol, "size": 9, "line": {"width": 1, "color": EDGE}},
        hovertemplate=f"trial %{{customdata[0]}}: {metric} %{{customdata[1]:.4g}}<br>lr %{{x:.3g}}, weight decay %{{y:.3g}}"
        "<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[pair[0].values[best.number]], y=[pair[1].values[best.number]], mode="markers", name=f"best: trial {best.number}",
        marker=RING, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(title_text="learning rate", type="log", exponentformat="none")
    figure.update_yaxes(title_text=pair[1].label, type="log", exponentformat="none")
    figure.update_layout(
        title_text=folded(_finding(best, pair, len(whole))),
        height=500,
        legend=BELOW,
        margin={"t": 70, "b": 110},
    )
    return figure


def pair_of(records: Sequence[Record], optimizer: str) -> tuple[NumericSetting, NumericSetting] | None:
    """Return the learning rates and weight decays of an optimizer's trials; None where one of them did not vary."""
    lr = next((one for one in numbers(records, optimizer) if one.key == f"optimizer.{optimizer}.lr"), None)
    decays = decay(records, optimizer)
    return (lr, decays) if lr and decays else None


def rows(records: Sequence[Record], pair: tuple[NumericSetting, NumericSetting]) -> list[dict[str, Any]]:
    """Return what the contour draws as rows of a table."""
    return [
        {"trial": record.number, "quality": record.quality}
        | {one.label: one.values[record.number] for one in pair}
        for record in records
        if has_quality(record) and all(record.number in one.values for one in pair)
    ]


def _log_ends(one: NumericSetting, whole: Sequence[Record]) -> tuple[float, float]:
    logs = [math.log(one.values[record.number]) for record in whole]
    return min(logs), max(logs)


def _place(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (math.log(value) - low) / (high - low) if high > low else 0.5


def _at(place: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return math.exp(low + place * (high - low))


def _finding(best: Record, pair: tuple[NumericSetting, NumericSetting], runs: int) -> str:
    lr, decays = (number(one.values[best.number]) for one in pair)
    few = "" if runs >= FEWEST else f"; {several(runs, 'whole run')} are too few for a surface"
    return f"{best.optimizer} is best at lr {lr}, weight decay {decays}{few}"


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    look = styles((*study.optimizers, optimizer))[optimizer]
    kept = searched(study.records, optimizer)
    return contour(
        kept, pair_of(study.records, optimizer), look, metric=study.metric, direction=study.direction
    )


PLOTS: Final[Mapping[str, Plot]] = {"contour": Plot(_of_leader, "a whole study")}
