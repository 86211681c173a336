"""Parallel coordinates: every recipe of an optimizer as a line through its settings, the best in colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import CategoricalSetting, NumericSetting, numbers, options, searched
from advisor.evidence import has_quality
from advisor.report.numbers import number
from advisor.report.optimizer_styles import Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_settings import BestShare
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.looks import legend_below, titled
from dashboard.charts.search_space.subject import batch_range, first_optimizer, optimizer_of
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

BEST_SHARE: Final = 0.2
MOST_AXES: Final = 12
MOST_LINES: Final = 1000


def parallel(
    records: Sequence[Record],
    numeric: Sequence[NumericSetting],
    categorical: Sequence[CategoricalSetting],
    style: Style,
    *,
    metric: str,
    direction: Direction,
) -> go.Figure:
    """Draw the whole runs of one optimizer, a line each; the last axis is quality.

    On each axis 0 is the low end of the range, 1 the high one.
    """
    whole = sorted(
        (record for record in records if has_quality(record)),
        key=lambda record: direction.loss(record.quality),
    )
    best = len(_best_share(whole, direction))
    shown = whole[: max(best, MOST_LINES)]
    axes = [*[*_numeric_axes(numeric), *_categorical_axes(categorical)][:MOST_AXES], _quality(whole, metric)]
    figure = go.Figure()
    groups = (
        (f"the other {len(shown) - best}", shown[best:], 0.25, 1),
        (f"best {best}", shown[:best], 1.0, 2.5),
    )
    for name, runs, opacity, width in groups:
        if runs:
            figure.add_trace(_lines(runs, axes, style, name, opacity, width))
    _label(figure, axes)
    titled(figure, best_share(records, metric, direction))
    return legend_below(figure, height=480, bottom=120)


def best_share(records: Sequence[Record], metric: str, direction: Direction) -> Statement:
    """Say how many of an optimizer's whole runs are drawn as its best."""
    whole = [record for record in records if has_quality(record)]
    best = _best_share(whole, direction)
    if not best:
        return NothingComplete(runs="search", subjects=optimizer_of(records))
    return BestShare(
        subjects=(best[0].optimizer,),
        trials=tuple(record.number for record in best),
        metric=metric,
        whole_runs=len(whole),
        worst_quality=best[-1].measured_quality,
    )


def _best_share(whole: Sequence[Record], direction: Direction) -> list[Record]:
    """Return the best fifth of whole runs, the best first, and whatever is as good as the last of them."""
    ranked = sorted(whole, key=lambda record: direction.loss(record.quality))
    last = ranked[max(1, round(BEST_SHARE * len(ranked))) - 1].quality if ranked else None
    return [record for record in ranked if not direction.better(last, record.quality)]


Axis = tuple[str, Mapping[int, tuple[float, str]], str, str]
"""Title; height and value in words by trial number; what stands at the low and at the high end."""


def rows(
    records: Sequence[Record], numeric: Sequence[NumericSetting], categorical: Sequence[CategoricalSetting]
) -> list[dict[str, Any]]:
    """Return what the lines draw as rows of a table."""
    return [
        {"trial": record.number, "quality": record.quality}
        | {setting.label: setting.values.get(record.number, "") for setting in numeric}
        | {setting.label: setting.values.get(record.number, "") for setting in categorical}
        for record in records
        if has_quality(record)
    ]


def _label(figure: go.Figure, axes: Sequence[Axis]) -> None:
    titles = [title for title, _, _, _ in axes]
    ticks = {"tickvals": list(range(len(axes))), "ticktext": titles}
    figure.update_xaxes(**ticks, showgrid=True, range=(-0.4, len(axes) - 0.6), automargin=True)
    figure.update_yaxes(visible=False, range=(-0.14, 1.14))
    for x, (_, _, low, high) in enumerate(axes):
        for y, text, anchor in ((-0.03, low, "top"), (1.03, high, "bottom")):
            figure.add_annotation(x=x, y=y, text=text, showarrow=False, yanchor=anchor, font={"size": 11})


def _numeric_axes(settings: Sequence[NumericSetting]) -> list[Axis]:
    axes: list[Axis] = []
    for setting in settings:
        places = {
            trial: (min(1.0, max(0.0, setting.place(value))), number(value))
            for trial, value in setting.values.items()
        }
        axes.append((setting.label, places, number(setting.span.low), number(setting.span.high)))
    return axes


def _categorical_axes(settings: Sequence[CategoricalSetting]) -> list[Axis]:
    axes: list[Axis] = []
    for setting in settings:
        levels = sorted(set(setting.values.values()))
        height = {level: index / (len(levels) - 1) for index, level in enumerate(levels)}
        places = {trial: (height[level], level) for trial, level in setting.values.items()}
        axes.append((setting.label, places, levels[0], levels[-1]))
    return axes


def _quality(whole: Sequence[Record], metric: str) -> Axis:
    qualities = [record.measured_quality for record in whole] or [0.0]
    low, high = min(qualities), max(qualities)
    span = (high - low) or 1.0
    places = {
        record.number: ((record.measured_quality - low) / span, number(record.measured_quality))
        for record in whole
    }
    return metric, places, number(low), number(high)


def _lines(
    runs: Sequence[Record], axes: Sequence[Axis], style: Style, name: str, opacity: float, width: float
) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    about: list[list[Any]] = []
    for record in runs:
        points = [
            (x, *places[record.number], title)
            for x, (title, places, _, _) in enumerate(axes)
            if record.number in places
        ]
        xs += [*(x for x, _, _, _ in points), None]
        ys += [*(y for _, y, _, _ in points), None]
        quality = "no quality" if record.quality is None else number(record.quality)
        about += [[record.number, title, value, quality] for _, _, value, title in points]
        about += [["", "", "", ""]]
    return go.Scatter(
        x=xs,
        y=ys,
        customdata=about,
        name=name,
        mode="lines+markers",
        opacity=opacity,
        line=style.line(width),
        marker=style.marker(size=6),
        hovertemplate="trial %{customdata[0]} (%{customdata[3]})"
        "<br>%{customdata[1]}: %{customdata[2]}<extra></extra>",
    )


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    numeric = numbers(study.records, optimizer, batch_size=batch_range(study))
    trials, categorical = searched(study.records, optimizer), options(study.records, optimizer)
    style = styles((*study.optimizers, optimizer))[optimizer]
    return parallel(trials, numeric, categorical, style, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"parallel": Plot(_of_leader, "a whole run")}
