"""Trade-offs: quality against one cost, the front of what nothing beats, and limits as walls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.pareto import pareto_front_of_records
from advisor.evidence import has_quality
from dashboard.charts import Plot
from dashboard.charts.looks import Style, finished, folded, legend_below, reach, styles
from studies.costs import COSTS, Cost
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study
    from studies.limits import Limits

WIDE_SPAN: Final = 10.0
"""Largest over smallest cost from which a log axis reads better."""
MANY: Final = 1500
"""Points from which a chart is drawn by the graphics card."""
ROOM: Final = 0.06
"""Share of the axis that is left free at each end."""
BEYOND: Final = "rgba(213, 94, 0, 0.16)"
WALL: Final = "#D55E00"
BY_NAME: Final = {cost.name: cost for cost in COSTS}
"""Costs by their name in an address."""


def measured(records: Sequence[Record], cost: Cost) -> list[Record]:
    """Return the whole runs that have a quality and this cost; what was made small only where its model is what costs."""
    return [
        record
        for record in records
        if has_quality(record)
        and getattr(record, cost.field) is not None
        and (cost.of_model or record.stage != "compress")
    ]


def front(records: Sequence[Record], cost: Cost, direction: Direction) -> tuple[Record, ...]:
    """Return what no other beats in both, the cheapest first."""
    best = pareto_front_of_records(measured(records, cost), direction, costs=(cost.field,))
    return tuple(sorted(best, key=lambda record: (getattr(record, cost.field), record.number)))


def quality_by_cost(
    records: Sequence[Record],
    looks: Mapping[str, Style],
    cost: Cost,
    *,
    metric: str,
    direction: Direction,
    limits: Limits | None = None,
) -> go.Figure:
    """Draw quality against a cost: whole runs by optimizer, compressed models hollow, the front as a line, a limit as a wall."""
    drawn, best = measured(records, cost), front(records, cost, direction)
    allowed = getattr(limits, cost.limit) if limits and cost.limit else None
    figure = go.Figure()
    if best:
        figure.add_trace(_line(best, cost))
    for optimizer, look in looks.items():
        own = [record for record in drawn if record.optimizer == optimizer]
        if own:
            figure.add_trace(_points(own, look, optimizer, cost, metric, many=len(drawn) > MANY))
    figure.update_xaxes(title_text=f"{cost.label} ({cost.unit})")
    _scale(
        figure,
        [getattr(record, cost.field) / cost.per for record in drawn],
        None if allowed is None else allowed / cost.per,
    )
    figure.update_yaxes(
        range=reach([record.quality for record in drawn if record.quality is not None], direction)
    )
    finished(figure, folded(_finding(drawn, best, cost, metric, allowed)), metric, direction)
    return legend_below(figure, height=500).update_layout(clickmode="event+select")


def rows(records: Sequence[Record], cost: Cost, direction: Direction) -> list[dict[str, Any]]:
    """Return what is drawn as a table: the front first, each part from the cheapest."""
    on = {id(record) for record in front(records, cost, direction)}
    ordered = sorted(
        measured(records, cost),
        key=lambda record: (id(record) not in on, getattr(record, cost.field), record.number),
    )
    return [
        {
            "front": id(record) in on, "trial": record.number, "optimizer": record.optimizer, "quality": record.quality,
            **{one.field: getattr(record, one.field) for one in COSTS}, "stage": record.stage,
        }
        for record in ordered
    ]  # fmt: skip


def _line(best: Sequence[Record], cost: Cost) -> go.Scatter:
    return go.Scatter(
        x=[getattr(record, cost.field) / cost.per for record in best],
        y=[record.quality for record in best],
        name="the front",
        mode="lines",
        line={"shape": "hv", "color": "#7F7F7F", "width": 2},
        hoverinfo="skip",
    )


def _points(
    own: Sequence[Record], look: Style, optimizer: str, cost: Cost, metric: str, *, many: bool
) -> go.Scatter:
    kind = go.Scattergl if many else go.Scatter
    return kind(
        x=[getattr(record, cost.field) / cost.per for record in own],
        y=[record.quality for record in own],
        customdata=[[record.number, record.stage, cost.write(getattr(record, cost.field))] for record in own],
        name=optimizer,
        mode="markers",
        marker={
            "color": look.colour,
            "symbol": [
                f"{look.symbol}-open" if record.stage == "compress" else look.symbol for record in own
            ],
            "size": [13 if record.stage == "confirm" else 9 for record in own],
            "opacity": 0.85,
        },
        hovertemplate=f"{optimizer}<br>trial %{{customdata[0]}} (%{{customdata[1]}})<br>{metric} %{{y:.4g}}"
        f"<br>{cost.label} %{{customdata[2]}}<extra></extra>",
    )


def _scale(figure: go.Figure, values: Sequence[float], allowed: float | None) -> None:
    """Set the axis to what is drawn and the limit, and shade what lies beyond the limit."""
    everything = [*values, *([] if allowed is None else [allowed])]
    if not everything:
        return
    low, high = min(everything), max(everything)
    if low > 0 and high > WIDE_SPAN * low:
        kind, ends = "log", (math.log10(low), math.log10(high))
        place = math.log10
    else:
        kind, ends = "linear", (low, high)
        place = float
    room = ROOM * (ends[1] - ends[0]) or 0.1 * abs(ends[1]) or 1.0
    first, last = ends[0] - room, ends[1] + room * (1 if allowed is None else 3)
    figure.update_xaxes(type=kind, range=(max(0.0, first) if kind == "linear" else first, last))
    if allowed is not None:
        beyond = 10**last if kind == "log" else last
        figure.add_shape(
            type="rect",
            x0=allowed,
            x1=beyond,
            y0=0,
            y1=1,
            yref="paper",
            fillcolor=BEYOND,
            line_width=0,
            layer="below",
        )
        figure.add_shape(
            type="line", x0=allowed, x1=allowed, y0=0, y1=1, yref="paper", line={"color": WALL, "width": 2}
        )
        figure.add_annotation(
            x=place(allowed),
            y=1,
            yref="paper",
            xanchor="left",
            yanchor="top",
            text="limit",
            showarrow=False,
            font_color=WALL,
        )


def _finding(
    drawn: Sequence[Record], best: Sequence[Record], cost: Cost, metric: str, allowed: float | None
) -> str:
    if not best:
        return f"No whole run whose {cost.label} was measured yet"
    cheap, good = best[0], best[-1]
    over = sum(getattr(record, cost.field) > allowed for record in drawn) if allowed is not None else 0
    walled = (
        f"; {over} of {len(drawn)} runs break the limit of {cost.write(allowed)}"
        if allowed is not None
        else ""
    )
    if len(best) == 1 or cheap.quality == good.quality:
        return (
            f"{cheap.optimizer} is best in both: {metric} {cheap.quality:.4g} at {_told(cheap, cost)}{walled}"
        )
    return (
        f"{metric} {cheap.quality:.4g} costs {_told(cheap, cost)} ({cheap.optimizer}), "
        f"{good.quality:.4g} costs {_told(good, cost)} ({good.optimizer}){walled}"
    )


def _told(record: Record, cost: Cost) -> str:
    return cost.write(getattr(record, cost.field))


def drawn(study: Study, name: str, *, limits: Limits | None = None) -> go.Figure:
    """Draw a study's quality against the cost of that name, under its own limits or others."""
    return quality_by_cost(
        study.records, styles(study.optimizers), BY_NAME[name], metric=study.metric, direction=study.direction,
        limits=limits or study.evidence.limits,
    )  # fmt: skip


PLOTS: Final[Mapping[str, Plot]] = {
    f"quality-by-{name}": Plot(partial(drawn, name=name), "a whole run") for name in BY_NAME
}
