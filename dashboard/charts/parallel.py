"""Parallel coordinates: every recipe of an optimizer as one line through its settings, the best ones in colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import CategoricalSetting, NumericSetting, numbers, options, searched
from advisor.evidence import has_quality
from advisor.report.numbers import number, several
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, Style, folded, styles
from dashboard.charts.space import batch_range, first_optimizer
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

BEST_SHARE: Final = 0.2
MOST_AXES: Final = 12
MOST_LINES: Final = 1000


def parallel(
    records: Sequence[Record],
    found: Sequence[NumericSetting],
    others: Sequence[CategoricalSetting],
    look: Style,
    *,
    metric: str,
    direction: Direction,
) -> go.Figure:
    """Draw the whole runs of one optimizer: 0 is the low end of each range, 1 the high one; the last axis is quality."""
    whole = sorted(
        (record for record in records if has_quality(record)),
        key=lambda record: direction.loss(record.quality),
    )
    best = max(1, round(BEST_SHARE * len(whole))) if whole else 0
    shown = whole[: max(best, MOST_LINES)]
    axes = [*[*_numbers(found), *_options(others)][:MOST_AXES], _quality(whole, metric)]
    figure = go.Figure()
    groups = (
        (f"the other {len(shown) - best}", shown[best:], 0.25, 1),
        (f"best {best}", shown[:best], 1.0, 2.5),
    )
    for called, kept, opacity, width in groups:
        if kept:
            figure.add_trace(_lines(kept, axes, look, called, opacity, width))
    ticks = [title for title, _, _, _ in axes]
    figure.update_xaxes(
        tickvals=list(range(len(axes))),
        ticktext=ticks,
        showgrid=True,
        range=(-0.4, len(axes) - 0.6),
        automargin=True,
    )
    figure.update_yaxes(visible=False, range=(-0.14, 1.14))
    for x, (_, _, low, high) in enumerate(axes):
        for y, text, anchor in ((-0.03, low, "top"), (1.03, high, "bottom")):
            figure.add_annotation(x=x, y=y, text=text, showarrow=False, yanchor=anchor, font={"size": 11})
    who = whole[0].optimizer if whole else ""
    finding = (
        f"{who}: the best {best} of {several(len(whole), 'whole run')}, setting by setting"
        if whole
        else "No trial is complete yet"
    )
    figure.update_layout(title_text=folded(finding), height=480, legend=BELOW, margin={"t": 70, "b": 120})
    return figure


Axis = tuple[str, Mapping[int, tuple[float, str]], str, str]
"""Title; height and value in words by trial number; what stands at the low and at the high end."""


def rows(
    records: Sequence[Record], found: Sequence[NumericSetting], others: Sequence[CategoricalSetting]
) -> list[dict[str, Any]]:
    """Return what the lines draw as rows of a table."""
    return [
        {"trial": record.number, "quality": record.quality}
        | {one.label: one.values.get(record.number, "") for one in found}
        | {one.label: one.values.get(record.number, "") for one in others}
        for record in records
        if has_quality(record)
    ]


def _numbers(found: Sequence[NumericSetting]) -> list[Axis]:
    return [
        (
            one.label,
            {
                trial: (min(1.0, max(0.0, one.place(value))), number(value))
                for trial, value in one.values.items()
            },
            number(one.span.low),
            number(one.span.high),
        )
        for one in found
    ]


def _options(found: Sequence[CategoricalSetting]) -> list[Axis]:
    axes: list[Axis] = []
    for one in found:
        levels = sorted(set(one.values.values()))
        height = {level: at / (len(levels) - 1) for at, level in enumerate(levels)}
        axes.append(
            (one.label, {trial: (height[of], of) for trial, of in one.values.items()}, levels[0], levels[-1])
        )
    return axes


def _quality(whole: Sequence[Record], metric: str) -> Axis:
    seen = [record.measured_quality for record in whole] or [0.0]
    low, span = min(seen), (max(seen) - min(seen)) or 1.0
    places = {
        record.number: ((record.measured_quality - low) / span, number(record.measured_quality))
        for record in whole
    }
    return metric, places, number(low), number(max(seen))


def _lines(
    kept: Sequence[Record], axes: Sequence[Axis], look: Style, called: str, opacity: float, width: float
) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    about: list[list[Any]] = []
    for record in kept:
        there = [
            (x, *places[record.number], title)
            for x, (title, places, _, _) in enumerate(axes)
            if record.number in places
        ]
        xs += [*(x for x, _, _, _ in there), None]
        ys += [*(y for _, y, _, _ in there), None]
        about += [
            *([record.number, title, said, record.quality] for _, _, said, title in there),
            ["", "", "", None],
        ]
    return go.Scatter(
        x=xs, y=ys, customdata=about, name=called, mode="lines+markers", opacity=opacity,
        line={"color": look.colour, "width": width}, marker={"color": look.colour, "symbol": look.symbol, "size": 6},
        hovertemplate="trial %{customdata[0]} (%{customdata[3]:.4g})<br>%{customdata[1]}: %{customdata[2]}<extra></extra>",
    )  # fmt: skip


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    found = numbers(study.records, optimizer, batch_size=batch_range(study))
    kept, others = searched(study.records, optimizer), options(study.records, optimizer)
    look = styles((*study.optimizers, optimizer))[optimizer]
    return parallel(kept, found, others, look, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"parallel": Plot(_of_leader, "a whole run")}
