"""Slices through the search space: each number that was searched against quality, by optimizer or for all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from advisor.analysis.searched_space import NumericSetting, numbers, searched
from advisor.evidence import has_quality
from advisor.report.numbers import number
from advisor.report.optimizer_styles import GREY, Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_settings import BestSettings, NothingVaried, SettingValue
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.axes import EVEN, log_scale
from dashboard.charts.looks import RING, legend_below, titled
from dashboard.charts.search_space.subject import batch_range, first_optimizer, optimizer_of
from dashboard.charts.trials import leader, leaders
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

COLUMNS: Final = 2
PANEL_PIXELS: Final = 250
MOST_PANELS: Final = 12
MOST_MARKS: Final = 1500
"""Marks a panel, about; of more trials every second, third ... is drawn, and the best one always."""
NAMED_PANELS: Final = 2
"""Panels whose value of the best trial stands in the title."""
MANY_POINTS: Final = 5000
"""Points from which the graphics card draws them."""
PRUNED: Final = ", cut short"
FAILED: Final = ", without a result"
"""After the name of an optimizer in the legend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Panel: a small chart of a setting, and where its trials lie on it."""

    title: str
    key: str = ""
    """Of the flat recipe; empty where each optimizer has its own."""
    xs: Mapping[int, float]
    """By trial number, as drawn."""
    texts: Mapping[int, str]
    """The values in words, by trial number."""
    axis: Mapping[str, Any]
    ends: tuple[float, ...] = ()
    """Of the range that was searched, as drawn."""


def panels_of(settings: Sequence[NumericSetting]) -> tuple[Panel, ...]:
    """Return one panel a number, on the scale that it was searched on."""
    return tuple(_panel(setting) for setting in settings[:MOST_PANELS])


def shared_panels(records: Sequence[Record]) -> tuple[Panel, ...]:
    """Return one panel a coordinate that optimizers share, each value placed in its own optimizer's range."""
    trials = [record for record in records if record.searched and record.state != "running"]
    names = sorted(
        {name for record in trials for name in record.units}, key=lambda name: (name != "optimizer.lr", name)
    )
    panels = []
    for name in names:
        xs = {record.number: record.units[name] for record in trials if name in record.units}
        if len(set(xs.values())) > 1:
            texts = {trial: f"{x:+.2f} of the way to the end" for trial, x in xs.items()}
            axis = {
                "range": (-1.1, 1.1),
                "tickvals": (-1, 0, 1),
                "ticktext": ("low end", "default", "high end"),
            }
            title = name.removeprefix("optimizer.").replace("_", " ").replace(".", " ")
            panels.append(Panel(title=title, xs=xs, texts=texts, axis=axis, ends=(-1, 1)))
    return tuple(panels[:MOST_PANELS])


def slices(
    records: Sequence[Record],
    panels: Sequence[Panel],
    style_of: Mapping[str, Style],
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw quality against each number.

    Whole runs are solid, pruned ones faded; trials without a quality lie along the bottom.
    """
    if not panels:
        return _empty(records)
    lines = math.ceil(len(panels) / COLUMNS)
    figure = make_subplots(
        rows=lines, cols=COLUMNS, shared_yaxes=True, vertical_spacing=0.36 / lines, horizontal_spacing=0.06
    )
    best = leader(records, direction)
    floor = _floor(records, direction)
    gl = len(panels) * len(records) > MANY_POINTS
    in_legend: set[str] = set()
    for index, panel in enumerate(panels):
        cell = {"row": index // COLUMNS + 1, "col": index % COLUMNS + 1}
        for optimizer, style in style_of.items():
            for trace in _traces(_shown(records, optimizer, panel), panel, style, floor, gl=gl):
                figure.add_trace(trace.update(showlegend=optimizer not in in_legend), **cell)
                in_legend.add(optimizer)
        if best and best.number in panel.xs:
            figure.add_trace(_best(best, panel, first=index == 0), **cell)
        for end in panel.ends:
            figure.add_vline(x=end, line={"dash": "dot", "width": 1, "color": GREY}, **cell)
        figure.update_xaxes(title_text=panel.title, title_standoff=4, **panel.axis, **cell)
    figure.update_yaxes(title_text=f"{metric} ({direction.word} is better)", col=1)
    titled(figure, best_settings(records, panels, metric, direction))
    return legend_below(figure, height=150 + PANEL_PIXELS * lines)


def rows(records: Sequence[Record], panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Return what the slices draw as rows of a table."""
    return [
        {
            "trial": record.number,
            "optimizer": record.optimizer,
            "state": record.state,
            "quality": record.quality,
        }
        | {panel.title: panel.texts.get(record.number, "") for panel in panels}
        for record in records
        if any(record.number in panel.xs for panel in panels)
    ]


def _panel(setting: NumericSetting) -> Panel:
    span, values = setting.span, setting.values
    place = _place_on(span.scale)
    xs = {trial: place(value) for trial, value in values.items() if span.scale != "log" or value > 0}
    texts = {trial: number(values[trial]) for trial in xs}
    ends = (place(span.low), place(span.high)) if setting.known else ()
    axis = _axis(span.scale, (*xs.values(), *ends))
    return Panel(title=setting.label, key=setting.key, xs=xs, texts=texts, axis=axis, ends=ends)


def _axis(scale: str, places: Sequence[float]) -> dict[str, Any]:
    if scale == "log":
        return log_scale(places)
    if scale == "linear":
        return EVEN
    axis = log_scale(places)  # of what is missing to 1: 0.9, 0.95, 0.98, 0.99
    texts = [f"{1 - gap:.7g}" for gap in axis.get("tickvals", ())]
    return axis | {"range": axis["range"][::-1], "ticktext": texts} if texts else axis


def _place_on(scale: str) -> Callable[[float], float]:
    return (lambda value: 1 - value) if scale == "complement" else (lambda value: value)


def _shown(records: Sequence[Record], optimizer: str, panel: Panel) -> Sequence[Record]:
    trials = [record for record in records if record.optimizer == optimizer and record.number in panel.xs]
    return trials[:: max(1, len(panel.xs) // MOST_MARKS)]


def _traces(
    trials: Sequence[Record], panel: Panel, style: Style, floor: float | None, *, gl: bool
) -> list[go.Scatter]:
    groups = {
        "": [record for record in trials if has_quality(record)],
        PRUNED: [record for record in trials if not has_quality(record) and _finite(record)],
        FAILED: [record for record in trials if not _finite(record)] if floor is not None else [],
    }
    return [_points(group, panel, style, suffix, floor, gl=gl) for suffix, group in groups.items() if group]


def _points(
    trials: Sequence[Record], panel: Panel, style: Style, suffix: str, floor: float | None, *, gl: bool
) -> go.Scatter:
    failed, optimizer = suffix == FAILED, trials[0].optimizer
    symbol, opacity = "x-thin-open" if failed else style.symbol, 0.3 if suffix == PRUNED else 0.9
    scatter = go.Scattergl if gl else go.Scatter
    return scatter(
        x=[panel.xs[record.number] for record in trials],
        y=[floor if failed else record.quality for record in trials],
        customdata=[
            [
                record.number,
                record.state,
                panel.texts[record.number],
                _error(record),
                "" if failed else number(record.measured_quality),
            ]
            for record in trials
        ],
        name=optimizer + suffix,
        legendgroup=optimizer,
        mode="markers",
        marker=style.marker(symbol=symbol, size=8, opacity=opacity),
        hovertemplate=f"trial %{{customdata[0]}}, {optimizer} (%{{customdata[1]}})<br>%{{customdata[2]}}: "
        + ("no result%{customdata[3]}" if failed else "%{customdata[4]}")
        + "<extra></extra>",
    )


def _best(best: Record, panel: Panel, *, first: bool) -> go.Scatter:
    return go.Scatter(
        x=[panel.xs[best.number]],
        y=[best.quality],
        name=f"best: trial {best.number}",
        legendgroup="best",
        showlegend=first,
        mode="markers",
        marker=RING,
        hoverinfo="skip",
        cliponaxis=False,
    )


def _error(record: Record) -> str:
    return "" if not record.error else ": " + record.error[:80].replace("<", "&lt;")


def _finite(record: Record) -> bool:
    return record.quality is not None and math.isfinite(record.quality)


def _floor(records: Sequence[Record], direction: Direction) -> float | None:
    """Return the quality at whose height trials without one are drawn: beyond the worst."""
    qualities = [
        record.quality for record in records if record.quality is not None and math.isfinite(record.quality)
    ]
    if not qualities:
        return None
    room = 0.06 * (max(qualities) - min(qualities)) or 0.01 * abs(qualities[0])
    return direction.value_of(max(map(direction.loss, qualities)) + room)


def best_settings(
    records: Sequence[Record], panels: Sequence[Panel], metric: str, direction: Direction
) -> Statement:
    """Say where the best search trial lies on the first panels."""
    whole = [record for record in records if has_quality(record)]
    best = leaders(whole, direction)
    if not best:
        return NothingComplete(runs="search", subjects=optimizer_of(records))
    values = [(panel, best[0].params.get(panel.key)) for panel in panels[:NAMED_PANELS]]
    return BestSettings(
        subjects=tuple(dict.fromkeys(record.optimizer for record in best)),
        trials=tuple(record.number for record in best),
        metric=metric,
        quality=best[0].measured_quality,
        settings=tuple(
            SettingValue(key=panel.key, label=panel.title, value=value)
            for panel, value in values
            if value is not None
        ),
        whole_runs=len(whole),
        of=optimizer_of(records),
        optimizers=len({record.optimizer for record in whole}),
    )


def _empty(records: Sequence[Record]) -> go.Figure:
    return titled(go.Figure(), NothingVaried(subjects=optimizer_of(records))).update_layout(height=200)


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    panels = panels_of(numbers(study.records, optimizer, batch_size=batch_range(study)))
    style_of = {name: style for name, style in styles(study.optimizers).items() if name == optimizer}
    trials = searched(study.records, optimizer)
    return slices(trials, panels, style_of, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"slices": Plot(_of_leader, "a whole study")}
