"""Slices through the search space: each number that was searched against quality, for one optimizer or for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from advisor.analysis.searched_space import NumericSetting, numbers, searched
from advisor.evidence import has_quality
from advisor.report.numbers import listed, number
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, COLOURS, RING, Style, folded, styles
from dashboard.charts.trials import leader
from studies.direction import Direction
from studies.record import Record
from studies.space import Numeric

if TYPE_CHECKING:
    from dashboard.snapshot import Study

COLUMNS: Final = 2
PANEL_PIXELS: Final = 250
MOST_PANELS: Final = 12
MOST_MARKS: Final = 1500
"""Marks a panel, about; of more trials every second, third ... is drawn, and the best one always."""
MANY_POINTS: Final = 5000
"""Points from which the graphics card draws them."""
NINES: Final = 7
"""Most nines that an axis of 0.9, 0.99, 0.999 ... is marked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One small chart: a setting, and where its trials lie on it."""

    title: str
    xs: Mapping[int, float]
    """By trial number, as drawn."""
    said: Mapping[int, str]
    """The values in words."""
    axis: Mapping[str, Any]
    ends: tuple[float, ...] = ()
    """Of the range that was searched, as drawn."""


def panels_of(found: Sequence[NumericSetting]) -> tuple[Panel, ...]:
    """Return one panel a number, on the scale that it was searched on."""
    return tuple(_panel(one) for one in found[:MOST_PANELS])


def shared_panels(records: Sequence[Record]) -> tuple[Panel, ...]:
    """Return one panel a coordinate that optimizers share, each value placed in its own optimizer's range."""
    own = [record for record in records if record.searched and record.state != "running"]
    names = sorted(
        {name for record in own for name in record.units}, key=lambda name: (name != "optimizer.lr", name)
    )
    found = []
    for name in names:
        xs = {record.number: record.units[name] for record in own if name in record.units}
        if len(set(xs.values())) > 1:
            said = {trial: f"{x:+.2f} of the way to the end" for trial, x in xs.items()}
            axis = {
                "range": (-1.1, 1.1),
                "tickvals": (-1, 0, 1),
                "ticktext": ("low end", "default", "high end"),
            }
            title = name.removeprefix("optimizer.").replace("_", " ").replace(".", " ")
            found.append(Panel(title=title, xs=xs, said=said, axis=axis, ends=(-1, 1)))
    return tuple(found[:MOST_PANELS])


def slices(
    records: Sequence[Record],
    panels: Sequence[Panel],
    looks: Mapping[str, Style],
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw quality against each number: whole runs solid, pruned ones faded, those without a quality along the bottom."""
    if not panels:
        return _empty()
    lines = math.ceil(len(panels) / COLUMNS)
    figure = make_subplots(
        rows=lines, cols=COLUMNS, shared_yaxes=True, vertical_spacing=0.36 / lines, horizontal_spacing=0.06
    )
    best = leader(records, direction)
    floor = _floor(records, direction)
    gl = len(panels) * len(records) > MANY_POINTS
    named: set[str] = set()
    by_optimizer = {name: [record for record in records if record.optimizer == name] for name in looks}
    for at, panel in enumerate(panels):
        where = {"row": at // COLUMNS + 1, "col": at % COLUMNS + 1}
        for optimizer, look in looks.items():
            own = [record for record in by_optimizer.get(optimizer, ()) if record.number in panel.xs]
            own = own[:: max(1, len(panel.xs) // MOST_MARKS)]
            for trace in _traces(own, panel, look, floor, gl=gl):
                figure.add_trace(trace.update(showlegend=optimizer not in named), **where)
                named.add(optimizer)
        if best and best.number in panel.xs:
            figure.add_trace(_best(best, panel, first=at == 0), **where)
        for end in panel.ends:
            line = {"dash": "dot", "width": 1, "color": COLOURS[6]}
            figure.add_vline(x=end, line=line, **where)
        figure.update_xaxes(title_text=panel.title, title_standoff=4, **panel.axis, **where)
    figure.update_yaxes(title_text=f"{metric} ({direction.word} is better)", col=1)
    figure.update_layout(
        title_text=folded(_finding(best, panels, metric)),
        height=150 + PANEL_PIXELS * lines,
        legend=BELOW,
        margin={"t": 70, "b": 110},
    )
    return figure


def rows(records: Sequence[Record], panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Return what the slices draw as rows of a table."""
    return [
        {
            "trial": record.number,
            "optimizer": record.optimizer,
            "state": record.state,
            "quality": record.quality,
        }
        | {panel.title: panel.said.get(record.number, "") for panel in panels}
        for record in records
        if any(record.number in panel.xs for panel in panels)
    ]


def batch_range(study: Study) -> Numeric | None:
    """Return the range of the batch size; None when it is fixed or not known."""
    match study.manifest.batch_size:
        case (low, default, high) if low < high:
            return Numeric(low=low, default=default, high=high, scale="log", whole=True)
    return None


def first_optimizer(study: Study) -> str:
    """Return the optimizer that a page opens on: the best run's, else the first one tried."""
    best = leader([record for record in study.records if record.searched], study.direction)
    tried = [record.optimizer for record in study.records if record.searched]
    return best.optimizer if best else tried[0] if tried else ""


def _panel(one: NumericSetting) -> Panel:
    drawn = _drawn(one.span.scale)
    ends = (drawn(one.span.low), drawn(one.span.high)) if one.known else ()
    axis: dict[str, Any] = {
        "type": "log" if one.span.scale != "linear" else "linear",
        "exponentformat": "none",
    }
    if one.span.scale == "complement":
        gaps = [10.0**-nines for nines in range(NINES)]
        axis |= {"autorange": "reversed", "tickvals": gaps, "ticktext": [f"{1 - gap:.7g}" for gap in gaps]}
    kept = {
        trial: drawn(value) for trial, value in one.values.items() if one.span.scale != "log" or value > 0
    }
    return Panel(
        title=one.label,
        xs=kept,
        said={trial: number(one.values[trial]) for trial in kept},
        axis=axis,
        ends=ends,
    )


def _drawn(scale: str) -> Callable[[float], float]:
    return (lambda value: 1 - value) if scale == "complement" else (lambda value: value)


def _traces(
    own: Sequence[Record], panel: Panel, look: Style, floor: float | None, *, gl: bool
) -> list[go.Scatter]:
    groups = {
        "": [record for record in own if has_quality(record)],
        ", cut short": [record for record in own if not has_quality(record) and _finite(record)],
        ", without a result": [record for record in own if not _finite(record)] if floor is not None else [],
    }
    return [_points(kept, panel, look, about, floor, gl=gl) for about, kept in groups.items() if kept]


def _points(
    kept: Sequence[Record], panel: Panel, look: Style, about: str, floor: float | None, *, gl: bool
) -> go.Scatter:
    lost = about == ", without a result"
    scatter = go.Scattergl if gl else go.Scatter
    return scatter(
        x=[panel.xs[record.number] for record in kept],
        y=[floor if lost else record.quality for record in kept],
        customdata=[[record.number, record.state, panel.said[record.number], _why(record)] for record in kept],
        name=kept[0].optimizer + about,
        legendgroup=kept[0].optimizer,
        mode="markers",
        marker={
            "color": look.colour,
            "symbol": "x-thin-open" if lost else look.symbol,
            "size": 8,
            "opacity": 0.3 if about == ", cut short" else 0.9,
        },
        hovertemplate=f"trial %{{customdata[0]}}, {kept[0].optimizer} (%{{customdata[1]}})<br>%{{customdata[2]}}: "
        + ("no result%{customdata[3]}" if lost else "%{y:.4g}") + "<extra></extra>",
    )  # fmt: skip


def _best(best: Record, panel: Panel, *, first: bool) -> go.Scatter:
    return go.Scatter(
        x=[panel.xs[best.number]], y=[best.quality], name=f"best: trial {best.number}", legendgroup="best", showlegend=first,
        mode="markers", marker=RING, hoverinfo="skip",
        cliponaxis=False,
    )  # fmt: skip


def _why(record: Record) -> str:
    return "" if not record.error else ": " + record.error[:80].replace("<", "&lt;")


def _finite(record: Record) -> bool:
    return record.quality is not None and math.isfinite(record.quality)


def _floor(records: Sequence[Record], direction: Direction) -> float | None:
    """Return the quality at whose height trials without one are drawn: beyond the worst."""
    seen = [
        record.quality for record in records if record.quality is not None and math.isfinite(record.quality)
    ]
    if not seen:
        return None
    room = 0.06 * (max(seen) - min(seen)) or 0.01 * abs(seen[0])
    return direction.value_of(max(map(direction.loss, seen)) + room)


def _finding(best: Record | None, panels: Sequence[Panel], metric: str) -> str:
    if best is None:
        return "No trial is complete yet"
    told = [f"{panel.title} {panel.said[best.number]}" for panel in panels[:2] if best.number in panel.said]
    at = f" at {listed(told)}" if told and not told[0].endswith("the end") else ""
    return f"Best: {best.optimizer}, {metric} {number(best.measured_quality)}{at}"


def _empty() -> go.Figure:
    figure = go.Figure()
    figure.update_layout(title_text="No number has been varied yet", height=200)
    return figure


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    panels = panels_of(numbers(study.records, optimizer, batch_size=batch_range(study)))
    looks = {name: look for name, look in styles(study.optimizers).items() if name == optimizer}
    return slices(
        searched(study.records, optimizer), panels, looks, metric=study.metric, direction=study.direction
    )


PLOTS: Final[Mapping[str, Plot]] = {"slices": Plot(_of_leader, "a whole study")}
