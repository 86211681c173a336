"""Trade-offs: quality against one cost, with the Pareto front and the limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.pareto import pareto_front_of_records
from advisor.evidence import has_quality
from advisor.report.axis_marks import reach
from advisor.report.numbers import number
from advisor.report.optimizer_styles import GREY, VERMILION, Style
from advisor.report.units import Unit, unit_of
from advisor.statements.statement import Statement
from advisor.statements.titles_costs import FrontEnd, FrontEnds
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.axes import fitting_scale, zoom
from dashboard.charts.looks import label_qualities, legend_below, tinted
from studies.costs import COSTS, Cost
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study
    from studies.limits import Limits

MANY: Final = 1500
"""Points from which a chart is drawn by the graphics card."""
ROOM: Final = 0.06
"""Share of the axis that is left free at each end."""
LIMIT: Final = VERMILION
BEYOND: Final = tinted(LIMIT, 0.16)
"""Shade of what lies beyond the limit."""
BY_NAME: Final = {cost.name: cost for cost in COSTS}
"""Costs by their name in an address."""


def measured(records: Sequence[Record], cost: Cost) -> list[Record]:
    """Return the whole runs with a quality and this cost; compressed models only for costs of a model."""
    return [
        record
        for record in records
        if has_quality(record)
        and getattr(record, cost.field) is not None
        and (cost.of_model or record.stage != "compress")
    ]


def front(records: Sequence[Record], cost: Cost, direction: Direction) -> tuple[Record, ...]:
    """Return the Pareto front of quality and a cost, the cheapest first: what no other run beats in both."""
    best = pareto_front_of_records(measured(records, cost), direction, costs=(cost.field,))
    return tuple(sorted(best, key=lambda record: (getattr(record, cost.field), record.number)))


def is_front(best: Sequence[Record], cost: Cost) -> bool:
    """Tell whether the best in both are a front: two points or more, of which none beats another."""
    return len({(getattr(record, cost.field), record.quality) for record in best}) > 1


def quality_by_cost(
    records: Sequence[Record],
    style_of: Mapping[str, Style],
    cost: Cost,
    *,
    metric: str,
    direction: Direction,
    limits: Limits | None = None,
) -> go.Figure:
    """Draw quality against a cost: whole runs by optimizer, the Pareto front and the limit.

    Compressed models are hollow; the front and the limit are lines.
    """
    drawn, best = measured(records, cost), front(records, cost, direction)
    allowed = getattr(limits, cost.limit) if limits and cost.limit else None
    unit = unit_of((getattr(record, cost.field) for record in drawn), seconds=cost.in_seconds)
    figure = go.Figure()
    if is_front(best, cost):
        figure.add_trace(_line(best, cost, unit))
    for optimizer, style in style_of.items():
        runs = [record for record in drawn if record.optimizer == optimizer]
        if runs:
            figure.add_trace(_points(runs, style, cost, unit, metric, many=len(drawn) > MANY))
    figure.update_xaxes(title_text=unit.titled(cost.label))
    costs = [unit.of(getattr(record, cost.field)) for record in drawn]
    _scale(figure, costs, None if allowed is None else unit.of(allowed))
    qualities = [record.measured_quality for record in drawn]
    zoom(figure, qualities, reach(qualities, direction), direction)
    label_qualities(figure, front_ends(records, cost, metric, direction, allowed), metric, direction)
    return legend_below(figure, height=500).update_layout(clickmode="event+select")


def rows(records: Sequence[Record], cost: Cost, direction: Direction) -> list[dict[str, Any]]:
    """Return what is drawn as a table: the front first, each part from the cheapest."""
    on_front = {id(record) for record in front(records, cost, direction)}
    ordered = sorted(
        measured(records, cost),
        key=lambda record: (id(record) not in on_front, getattr(record, cost.field), record.number),
    )
    return [
        {
            "front": id(record) in on_front,
            "trial": record.number,
            "optimizer": record.optimizer,
            "quality": record.quality,
            **{column.field: getattr(record, column.field) for column in COSTS},
            "stage": record.stage,
        }
        for record in ordered
    ]


def _line(best: Sequence[Record], cost: Cost, unit: Unit) -> go.Scatter:
    return go.Scatter(
        x=[unit.of(getattr(record, cost.field)) for record in best],
        y=[record.quality for record in best],
        name="the front",
        mode="lines",
        line={"shape": "hv", "color": GREY, "width": 2},
        hoverinfo="skip",
    )


def _points(
    runs: Sequence[Record], style: Style, cost: Cost, unit: Unit, metric: str, *, many: bool
) -> go.Scatter:
    scatter = go.Scattergl if many else go.Scatter
    symbols = [f"{style.symbol}-open" if record.stage == "compress" else style.symbol for record in runs]
    sizes = [13 if record.stage == "confirm" else 9 for record in runs]
    return scatter(
        x=[unit.of(getattr(record, cost.field)) for record in runs],
        y=[record.quality for record in runs],
        customdata=[
            [
                record.number,
                record.stage,
                unit.write(getattr(record, cost.field)),
                number(record.measured_quality),
            ]
            for record in runs
        ],
        name=runs[0].optimizer,
        mode="markers",
        marker=style.marker(symbol=symbols, size=sizes, opacity=0.85),
        hovertemplate=f"{runs[0].optimizer}<br>trial %{{customdata[0]}} (%{{customdata[1]}})"
        f"<br>{metric} %{{customdata[3]}}<br>{cost.label} %{{customdata[2]}}<extra></extra>",
    )


def _scale(figure: go.Figure, values: Sequence[float], allowed: float | None) -> None:
    """Set the axis to what is drawn and the limit, and shade what lies beyond the limit."""
    shown = [*values, *([] if allowed is None else [allowed])]
    if not shown:
        return
    axis = fitting_scale(shown)
    log = axis["type"] == "log"
    start, end = (math.log10(min(shown)), math.log10(max(shown))) if log else (min(shown), max(shown))
    room = ROOM * (end - start) or 0.1 * abs(end) or 1.0
    first, last = start - room, end + room * (1 if allowed is None else 3)
    figure.update_xaxes(**axis | {"range": (first if log else max(0.0, first), last)})
    if allowed is not None:
        _draw_limit(figure, allowed, 10**last if log else last, log=log)


def _draw_limit(figure: go.Figure, allowed: float, last: float, *, log: bool) -> None:
    whole_height = {"y0": 0, "y1": 1, "yref": "paper"}
    figure.add_shape(
        type="rect", x0=allowed, x1=last, **whole_height, fillcolor=BEYOND, line_width=0, layer="below"
    )
    figure.add_shape(type="line", x0=allowed, x1=allowed, **whole_height, line={"color": LIMIT, "width": 2})
    figure.add_annotation(
        x=math.log10(allowed) if log else allowed,
        y=1,
        yref="paper",
        xanchor="left",
        yanchor="top",
        text="limit",
        showarrow=False,
        font_color=LIMIT,
    )


def front_ends(
    records: Sequence[Record], cost: Cost, metric: str, direction: Direction, allowed: float | None
) -> Statement:
    """Say what the cheap and the good end of the front cost, and how many runs break the limit."""
    weighed, best = measured(records, cost), front(records, cost, direction)
    if not best:
        weighable = [record for record in records if cost.of_model or record.stage != "compress"]
        needs = cost.field if any(map(has_quality, weighable)) else ""
        return NothingComplete(runs="every" if cost.of_model else "trained", needs=needs)
    cheap, good = (_front_end(best, end, cost) for end in (best[0], best[-1]))
    return FrontEnds(
        subjects=tuple(dict.fromkeys((*cheap.optimizers, *good.optimizers))),
        trials=tuple(record.number for record in best if _front_end(best, record, cost) in (cheap, good)),
        metric=metric,
        cost=cost.field,
        cheap=cheap,
        good=good,
        runs=len(weighed),
        optimizers=len({record.optimizer for record in weighed}),
        limit=allowed,
        over=0 if allowed is None else sum(getattr(record, cost.field) > allowed for record in weighed),
    )


def _front_end(best: Sequence[Record], end: Record, cost: Cost) -> FrontEnd:
    """Return the point of the front where a run lies, with all optimizers that have a run there."""
    value, quality = getattr(end, cost.field), end.measured_quality
    there = [record for record in best if (getattr(record, cost.field), record.quality) == (value, quality)]
    optimizers = tuple(dict.fromkeys(record.optimizer for record in there))
    return FrontEnd(optimizers=optimizers, quality=quality, value=value)


def drawn(study: Study, name: str, *, limits: Limits | None = None) -> go.Figure:
    """Draw a study's quality against the cost of that name, under its own limits or others."""
    return quality_by_cost(
        study.records,
        study.style_of,
        BY_NAME[name],
        metric=study.metric,
        direction=study.direction,
        limits=limits or study.evidence.limits,
    )


PLOTS: Final[Mapping[str, Plot]] = {
    f"quality-by-{name}": Plot(partial(drawn, name=name), "a whole run") for name in BY_NAME
}
