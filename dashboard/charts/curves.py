"""Learning curves: by optimizer the median and its band, with the single runs behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.learning_curves import Band, band
from advisor.report.numbers import number, several
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, Style, finished, folded, styles, tinted
from studies.direction import Direction
from studies.record import Measurement, Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MOST_RUNS: Final = 400
"""Single runs drawn; of more every second, third ... is, the medians are over all."""
MANY_POINTS: Final = 3000
"""Points from which the graphics card draws them."""

MARKS: Final = 12
"""Marks along a median, which tell it from the others where colours do not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Axes:
    """What a reader asked to see."""

    x: str = "epoch"
    """epoch | seconds"""
    y: str = "metric"
    """metric | valid_loss | train_loss"""
    over: str = "trials"
    """trials: the whole runs of the search; seeds: the confirmation runs."""
    log_x: bool = False
    log_y: bool = False
    singles: bool = True
    """Whether single runs are drawn."""
    trial: int | None = None
    """One that stands out."""

    @property
    def field(self) -> str:
        """Return the field of a measurement that is drawn."""
        return "valid_metric" if self.y == "metric" else self.y

    def point(self, measured: Measurement) -> tuple[float, float]:
        """Return where a measurement is drawn."""
        return float(getattr(measured, self.x)), float(getattr(measured, self.field))

    def points(self, record: Record) -> list[tuple[float, float]]:
        """Return the curve of a record, without what cannot be drawn."""
        found = (self.point(measured) for measured in record.curve)
        return [(x, y) for x, y in found if math.isfinite(y) and (y > 0 or not self.log_y)]


def learning_curves(
    records: Sequence[Record],
    looks: Mapping[str, Style],
    axes: Axes,
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw the median curve of each optimizer with its band, and the single runs: pruned ones faded."""
    figure = go.Figure()
    shown = drawn(records, axes)
    gl = sum(len(record.curve) for record in shown) > MANY_POINTS
    ends = {}
    for optimizer, look in looks.items():
        own = [record for record in shown if record.optimizer == optimizer]
        whole = [
            record
            for record in _of(records, axes)
            if record.optimizer == optimizer and record.state == "complete"
        ]
        if own:
            _draw_singles(figure, own, look, axes, gl=gl)
        if found := band(
            [axes.points(record) for record in whole], share=1.0 if axes.over == "seeds" else 0.5
        ):
            _draw_band(figure, found, optimizer, look)
            ends[optimizer] = found
    _draw_chosen(figure, records, looks, axes)
    toward = direction if axes.y == "metric" else Direction.MINIMIZE
    finished(figure, _finding(ends, axes, metric, toward), metric, direction)
    _label(figure, axes, metric, direction)
    figure.update_layout(title_text=folded(str(figure.layout.title.text)))
    return figure


def drawn(records: Sequence[Record], axes: Axes) -> tuple[Record, ...]:
    """Return the records whose single curves are drawn."""
    found = [record for record in _of(records, axes) if axes.singles and len(axes.points(record)) > 0]
    return tuple(found[:: max(1, math.ceil(len(found) / MOST_RUNS))])


def rows(records: Sequence[Record], axes: Axes) -> list[dict[str, Any]]:
    """Return the points of the single curves as rows of a table."""
    return [
        {
            "trial": record.number, "optimizer": record.optimizer, "state": record.state, "stage": record.stage,
            "seed": record.seed, "epoch": at.epoch, "step": at.step, "seconds": at.seconds,
            "train_loss": at.train_loss, "valid_loss": at.valid_loss, "valid_metric": at.valid_metric,
        }
        for record in drawn(records, axes)
        for at in record.curve
    ]  # fmt: skip


def _of(records: Sequence[Record], axes: Axes) -> list[Record]:
    return [
        record
        for record in records
        if record.curve and (record.stage == "confirm" if axes.over == "seeds" else record.searched)
    ]


def _draw_band(figure: go.Figure, found: Band, optimizer: str, look: Style) -> None:
    group = {"legendgroup": optimizer, "hoverinfo": "skip"}
    if found.runs > 1:
        outline = {"x": [*found.xs, *found.xs[::-1]], "y": [*found.high, *found.low[::-1]]}
        figure.add_scatter(
            **outline, **group, fill="toself", fillcolor=tinted(look.colour, 0.16), mode="lines", line={"width": 0},
            showlegend=False, name=f"{optimizer}, band",
        )  # fmt: skip
    figure.add_scatter(
        x=found.xs,
        y=found.middle,
        name=optimizer,
        legendgroup=optimizer,
        mode="lines+markers",
        line={"color": look.colour, "width": 3},
        marker={"symbol": look.symbol, "color": look.colour, "size": 8, "opacity": 1, "maxdisplayed": MARKS},
        hovertemplate=f"{optimizer}, median of {several(found.runs, 'run')}<br>%{{x:.4g}}: %{{y:.4g}}<extra></extra>",
    )


def _draw_singles(figure: go.Figure, own: Sequence[Record], look: Style, axes: Axes, *, gl: bool) -> None:
    scatter = go.Scattergl if gl else go.Scatter
    for cut in (False, True):
        kept = [record for record in own if (record.state != "complete") == cut]
        if not kept:
            continue
        xs, ys, about = _joined(kept, axes)
        figure.add_trace(
            scatter(
                x=xs,
                y=ys,
                customdata=about,
                name=f"{kept[0].optimizer}, {'cut short' if cut else 'single runs'}",
                legendgroup=kept[0].optimizer,
                showlegend=False,
                mode="lines+markers",
                opacity=(0.25 if cut else 0.45) * (0.6 if gl else 1.0),
                line={"color": look.colour, "width": 1, "dash": "dot" if cut else "solid"},
                marker={"color": look.colour, "symbol": look.symbol, "size": 2 if gl else 4},
                hovertemplate="trial %{customdata[0]}, "
                + kept[0].optimizer
                + " (%{customdata[1]}, %{customdata[2]})"
                "<br>%{x:.4g}: %{y:.4g}<extra></extra>",
            )
        )


def _joined(
    records: Sequence[Record], axes: Axes
) -> tuple[list[float | None], list[float | None], list[list[Any]]]:
    """Return curves one after the other, a gap after each: one trace draws them all."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    about: list[list[Any]] = []
    for record in records:
        points = axes.points(record)
        xs += [*(x for x, _ in points), None]
        ys += [*(y for _, y in points), None]
        about += [[record.number, record.state, record.stage]] * (len(points) + 1)
    return xs, ys, about


def _draw_chosen(
    figure: go.Figure, records: Sequence[Record], looks: Mapping[str, Style], axes: Axes
) -> None:
    record = next((record for record in records if record.number == axes.trial and record.curve), None)
    if record is None:
        return
    xs, ys = zip(*axes.points(record), strict=True)
    look = looks[record.optimizer]
    figure.add_scatter(
        x=xs, y=ys, name=f"trial {record.number}", mode="lines+markers",
        line={"color": look.colour, "width": 4, "dash": "dash"}, marker={"color": look.colour, "symbol": look.symbol, "size": 9},
        customdata=[[record.number, record.state, record.stage]] * len(xs),
        hovertemplate=f"trial {record.number}<br>%{{x:.4g}}: %{{y:.4g}}<extra></extra>",
    )  # fmt: skip


def _label(figure: go.Figure, axes: Axes, metric: str, direction: Direction) -> None:
    if axes.y != "metric":
        split = "validation" if axes.y == "valid_loss" else "training"
        figure.update_yaxes(title_text=f"{split} loss (lower is better)")
    else:
        figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)")
    title = "epoch" if axes.x == "epoch" else "training time (s)"
    figure.update_xaxes(title_text=title, type="log" if axes.log_x else "linear", rangemode="normal")
    figure.update_yaxes(type="log" if axes.log_y else "linear")
    figure.update_layout(height=540, hovermode="closest", legend=BELOW)


def _finding(ends: Mapping[str, Band], axes: Axes, metric: str, direction: Direction) -> str:
    """Say who is ahead at the end."""
    what = {"metric": metric, "valid_loss": "validation loss", "train_loss": "training loss"}[axes.y]
    kind = "seed" if axes.over == "seeds" else "whole run"
    first: str | None = None
    for optimizer, found in ends.items():
        if first is None or direction.better(found.middle[-1], ends[first].middle[-1]):
            first = optimizer
    if first is None:
        return "No run has come to its end yet"
    end = f"median {what} {number(ends[first].middle[-1])} over {several(ends[first].runs, kind)}"
    return f"{first} ends best: {end}" if len(ends) > 1 else f"{first} ends at a {end}"


def _over(study: Study, axes: Axes) -> go.Figure:
    return learning_curves(
        study.records, styles(study.optimizers), axes, metric=study.metric, direction=study.direction
    )


def _over_trials(study: Study) -> go.Figure:
    return _over(study, Axes())


def _over_seeds(study: Study) -> go.Figure:
    return _over(study, Axes(over="seeds"))


PLOTS: Final[Mapping[str, Plot]] = {
    "curves": Plot(_over_trials, "a whole run"),
    "seed-curves": Plot(_over_seeds, "a whole study"),
}
