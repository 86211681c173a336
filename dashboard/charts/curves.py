"""Learning curves: by optimizer the median and its band, with the single runs behind it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.learning_curves import Band, band
from advisor.evidence import has_quality
from advisor.report.axis_marks import reach
from advisor.report.optimizer_styles import Style
from advisor.statements.statement import Statement
from advisor.statements.titles_trials import CurvesReach, NothingComplete, Runs
from dashboard.charts import Plot
from dashboard.charts.axes import EVEN, count_beyond, log_scale, whole_scale
from dashboard.charts.curve_axes import Axes
from dashboard.charts.looks import label_qualities, legend_below, tinted
from dashboard.spotlight import name_ends
from studies.direction import Direction
from studies.quantities import several
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MOST_RUNS: Final = 400
"""Single runs drawn; of more every second, third ... is, the medians are over all."""
MANY_POINTS: Final = 3000
"""Points from which the graphics card draws them."""
MEASURED: Final = ("epoch", "step", "seconds", "train_loss", "valid_loss", "valid_metric")
MARKS: Final = 12
"""Marks along a median, which tell it from the others where colours do not."""


ROOM: Final = 0.08
"""Share of the medians' height that is left free above and below them."""


def learning_curves(
    records: Sequence[Record],
    style_of: Mapping[str, Style],
    axes: Axes,
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw the median curve of each optimizer with its band, and the single runs: pruned ones faded."""
    figure = go.Figure()
    shown = drawn(records, axes)
    gl = sum(len(record.curve) for record in shown) > MANY_POINTS
    bands = {name: median for name in style_of if (median := _band(records, name, axes))}
    for optimizer, style in style_of.items():
        singles = [record for record in shown if record.optimizer == optimizer]
        if singles:
            _draw_singles(figure, singles, style, axes, gl=gl)
        if optimizer in bands:
            _draw_band(figure, bands[optimizer], optimizer, style, axes)
    name_ends(figure, style_of)
    _draw_chosen(figure, records, style_of, axes)
    label_qualities(figure, curves_reach(records, axes, metric, direction), metric, direction)
    _label(figure, axes, metric, direction)
    if not axes.log_y:
        toward = direction if axes.y == "metric" else Direction.MINIMIZE
        _zoom(figure, bands.values(), shown, axes, toward)
    return legend_below(figure, height=540)


def _zoom(
    figure: go.Figure,
    bands: Iterable[Band],
    shown: Sequence[Record],
    axes: Axes,
    direction: Direction,
) -> None:
    """Zoom to the medians, which a diverged run would flatten, and count the runs that leave the view."""
    heights = [height for median in bands for height in (*median.low, *median.high)]
    if not heights:
        return
    low, high = reach(heights, direction) or (min(heights), max(heights))
    room = ROOM * (high - low)
    low, high = low - room, high + room
    outside = sum(any(not low <= y <= high for _, y in axes.points(record)) for record in shown)
    if outside and room:
        count_beyond(figure.update_yaxes(range=(low, high)), outside, direction)


def drawn(records: Sequence[Record], axes: Axes) -> tuple[Record, ...]:
    """Return the records whose single curves are drawn."""
    curved = [
        record for record in _with_curves(records, axes) if axes.singles and len(axes.points(record)) > 0
    ]
    return tuple(curved[:: max(1, math.ceil(len(curved) / MOST_RUNS))])


def rows(records: Sequence[Record], axes: Axes) -> list[dict[str, Any]]:
    """Return the points of the single curves as rows of a table."""
    return [
        {
            "trial": record.number,
            **{field: getattr(record, field) for field in ("optimizer", "state", "stage", "seed")},
            **{field: getattr(measured, field) for field in MEASURED},
        }
        for record in drawn(records, axes)
        for measured in record.curve
    ]


def _with_curves(records: Sequence[Record], axes: Axes) -> list[Record]:
    return [record for record in records if record.curve and axes.shows(record)]


def _whole_runs(records: Sequence[Record], optimizer: str, axes: Axes) -> list[Record]:
    return [
        record
        for record in _with_curves(records, axes)
        if record.optimizer == optimizer and has_quality(record)
    ]


def _band(records: Sequence[Record], optimizer: str, axes: Axes) -> Band | None:
    share = 1.0 if axes.over == "seeds" else 0.5
    return band([axes.points(record) for record in _whole_runs(records, optimizer, axes)], share=share)


def _draw_band(figure: go.Figure, median: Band, optimizer: str, style: Style, axes: Axes) -> None:
    if median.runs > 1:
        figure.add_scatter(
            x=[*median.xs, *median.xs[::-1]],
            y=[*median.high, *median.low[::-1]],
            name=f"{optimizer}, band",
            legendgroup=optimizer,
            showlegend=False,
            hoverinfo="skip",
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=tinted(style.colour, 0.16),
        )
    figure.add_scatter(
        x=median.xs,
        y=median.middle,
        name=optimizer,
        legendgroup=optimizer,
        mode="lines+markers",
        line=style.line(3),
        marker=style.marker(size=8, opacity=1, maxdisplayed=MARKS),
        hovertemplate=f"{optimizer}, median of {several(median.runs, 'run')}"
        "<br>%{customdata}<extra></extra>",
        customdata=[axes.written(point) for point in zip(median.xs, median.middle, strict=True)],
    )


def _draw_singles(
    figure: go.Figure, singles: Sequence[Record], style: Style, axes: Axes, *, gl: bool
) -> None:
    scatter = go.Scattergl if gl else go.Scatter
    for pruned in (False, True):
        runs = [record for record in singles if (record.state != "complete") == pruned]
        if not runs:
            continue
        optimizer = runs[0].optimizer
        xs, ys, about = _joined(runs, axes)
        figure.add_trace(
            scatter(
                x=xs,
                y=ys,
                customdata=about,
                name=f"{optimizer}, {'cut short' if pruned else 'single runs'}",
                legendgroup=optimizer,
                showlegend=False,
                mode="lines+markers",
                opacity=(0.25 if pruned else 0.45) * (0.6 if gl else 1.0),
                line=style.line(1, dash="dot" if pruned else "solid"),
                marker=style.marker(size=2 if gl else 4),
                hovertemplate=f"trial %{{customdata[0]}}, {optimizer} "
                "(%{customdata[1]}, %{customdata[2]})<br>%{customdata[3]}<extra></extra>",
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
        about += [[*_about(record), axes.written(point)] for point in points] + [[*_about(record), ""]]
    return xs, ys, about


def _about(record: Record) -> list[Any]:
    return [record.number, record.state, record.stage]


def _draw_chosen(
    figure: go.Figure, records: Sequence[Record], style_of: Mapping[str, Style], axes: Axes
) -> None:
    record = next((record for record in records if record.number == axes.trial and record.curve), None)
    if record is None:
        return
    xs, ys = zip(*axes.points(record), strict=True)
    style = style_of[record.optimizer]
    figure.add_scatter(
        x=xs,
        y=ys,
        name=f"trial {record.number}",
        mode="lines+markers",
        line=style.line(4, dash="dash"),
        marker=style.marker(size=9),
        customdata=[[*_about(record), axes.written(point)] for point in zip(xs, ys, strict=True)],
        hovertemplate=f"trial {record.number}<br>%{{customdata[3]}}<extra></extra>",
    )


def _label(figure: go.Figure, axes: Axes, metric: str, direction: Direction) -> None:
    if axes.y != "metric":
        split = "validation" if axes.y == "valid_loss" else "training"
        figure.update_yaxes(title_text=f"{split} loss (lower is better)")
    else:
        figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)")
    title = "epoch" if axes.x == "epoch" else "training time (s)"
    drawn_xs, drawn_ys = _drawn_values(figure)
    figure.update_xaxes(title_text=title, **_scale(drawn_xs, log=axes.log_x), rangemode="normal")
    figure.update_yaxes(**_scale(drawn_ys, log=axes.log_y))
    if axes.x == "epoch" and not axes.log_x and drawn_xs:
        figure.update_xaxes(**whole_scale(max(drawn_xs)))
    figure.update_layout(hovermode="closest")


def _drawn_values(figure: go.Figure) -> tuple[list[float], list[float]]:
    """Return all x and all y that are drawn."""
    xs = [x for trace in figure.data for x in trace.x if x is not None]
    return xs, [y for trace in figure.data for y in trace.y if y is not None]


def _scale(values: Sequence[float], *, log: bool) -> dict[str, Any]:
    return log_scale(values) if log else EVEN


def curves_reach(records: Sequence[Record], axes: Axes, metric: str, direction: Direction) -> Statement:
    """Say whose runs do best in the median, each at its best epoch, as the answer counts them."""
    runs: Runs = "confirmation" if axes.over == "seeds" else "search"
    if not any(has_quality(record) for record in records if axes.shows(record)):
        return NothingComplete(runs=runs)
    names = sorted({record.optimizer for record in records})
    toward = direction if axes.y == "metric" else Direction.MINIMIZE
    reached = {name: qualities for name in names if (qualities := _reached(records, name, axes, toward))}
    medians = {name: statistics.median(qualities) for name, qualities in reached.items()}
    best = toward.best(medians.values())
    subjects = tuple(
        name for name, value in medians.items() if best is not None and math.isclose(value, best)
    )
    words = {"valid_loss": "validation loss", "train_loss": "training loss"}
    return CurvesReach(
        subjects=subjects,
        runs=runs,
        metric=words.get(axes.y, metric),
        field=axes.field,
        value=0.0 if best is None else best,
        curves=len(reached[subjects[0]]) if subjects else 0,
        compared=len(reached),
        positive=axes.log_y,
    )


def _reached(records: Sequence[Record], optimizer: str, axes: Axes, toward: Direction) -> list[float]:
    """Return what each whole run of an optimizer reached at its best epoch; runs without a point left out."""
    runs = _whole_runs(records, optimizer, axes)
    best = [toward.best(y for _, y in axes.points(record)) for record in runs]
    return [value for value in best if value is not None]


def _over(study: Study, axes: Axes) -> go.Figure:
    return learning_curves(
        study.records, study.style_of, axes, metric=study.metric, direction=study.direction
    )


def _over_trials(study: Study) -> go.Figure:
    return _over(study, Axes())


def _over_seeds(study: Study) -> go.Figure:
    return _over(study, Axes(over="seeds"))


PLOTS: Final[Mapping[str, Plot]] = {
    "curves": Plot(_over_trials, "a whole run"),
    "seed-curves": Plot(_over_seeds, "a whole study"),
}
