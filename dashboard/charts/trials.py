"""Trials: quality against training time, and each optimizer's best so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.evidence import has_quality
from advisor.report.numbers import number
from advisor.report.optimizer_styles import Style
from advisor.report.units import Unit, unit_of
from advisor.statements.statement import Statement
from advisor.statements.titles_trials import BestTrial, NothingComplete, SearchLeader
from dashboard.charts import Plot
from dashboard.charts.axes import fitting_scale, whole_scale, zoom
from dashboard.charts.looks import label_qualities
from dashboard.spotlight import name_ends
from studies.direction import Direction
from studies.quantities import several
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MANY: Final = 500
"""Marks from which a trace is drawn by the graphics card."""


def leader(records: Iterable[Record], direction: Direction) -> Record | None:
    """Return the complete record of the best quality, the earliest of equals."""
    return next(iter(leaders(records, direction)), None)


def leaders(records: Iterable[Record], direction: Direction) -> list[Record]:
    """Return every complete record of the best quality, by number."""
    whole = sorted(_complete(records), key=lambda record: record.number)
    best = direction.best(record.measured_quality for record in whole)
    return [record for record in whole if record.quality == best]


def best_single_run(records: Iterable[Record], metric: str, direction: Direction) -> Statement:
    """Say which single runs are best, of those with a training time; compressed models are left out."""
    trained = [record for record in _complete(records) if record.stage != "compress"]
    timed = [record for record in trained if record.train_seconds is not None]
    best = leaders(timed, direction)
    if not best:
        return NothingComplete(runs="trained", needs="train_seconds" if trained else "")
    return BestTrial(
        subjects=tuple(dict.fromkeys(record.optimizer for record in best)),
        trials=tuple(record.number for record in best),
        metric=metric,
        quality=best[0].measured_quality,
        train_seconds=best[0].train_seconds if len(best) == 1 else None,
        whole_runs=len(timed),
        optimizers=len({record.optimizer for record in timed}),
    )


def search_leader(records: Iterable[Record], metric: str, direction: Direction) -> Statement:
    """Say which search trial was first at the best quality so far."""
    whole = [record for record in _complete(records) if record.searched]
    best = leaders(whole, direction)
    if not best:
        return NothingComplete(runs="search")
    return SearchLeader(
        subjects=tuple(dict.fromkeys(record.optimizer for record in best)),
        trials=(best[0].number,),
        metric=metric,
        quality=best[0].measured_quality,
        optimizers=len({record.optimizer for record in whole}),
    )


def quality_by_seconds(
    records: Sequence[Record],
    style_of: Mapping[str, Style],
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw every trial's quality against its training seconds.

    Whole runs are solid, pruned ones faded, confirmation runs large. Compressed models are left out: the runs
    that trained them are drawn.
    """
    trained = (record for record in records if record.stage != "compress")
    drawn = [record for record in trained if _is_finite(record.quality) and _is_finite(record.train_seconds)]
    figure, unit = go.Figure(), unit_of((record.train_seconds for record in drawn), seconds=True)
    for optimizer, style in style_of.items():
        trials = [record for record in drawn if record.optimizer == optimizer]
        whole = [record for record in trials if record.state == "complete"]
        pruned = [record for record in trials if record.state != "complete"]
        if whole:
            figure.add_trace(_points(whole, style, metric, unit))
        if pruned:
            figure.add_trace(_points(pruned, style, metric, unit, faded=True))
    finding = best_single_run(records, metric, direction)
    seconds = [unit.of(record.train_seconds) for record in drawn if record.train_seconds]
    figure.update_xaxes(title_text=unit.titled("training time"), **fitting_scale(seconds))
    zoom(figure, [record.measured_quality for record in drawn], _range_of_whole_runs(drawn), direction)
    return label_qualities(figure, finding, metric, direction)


def best_so_far(
    records: Sequence[Record],
    style_of: Mapping[str, Style],
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw each optimizer's best quality so far over the search, a step line that ends at the newest trial.

    Confirmation runs are left out: they repeat finalists, and the best of several seeds is no improvement.
    """
    figure = go.Figure()
    records = [record for record in records if record.searched]
    newest = max((record.number for record in records), default=0)
    for optimizer, style in style_of.items():
        steps = list(_improvements(records, optimizer, direction))
        if steps:
            figure.add_trace(_step_line(steps, newest, style, optimizer, metric))
    name_ends(figure, style_of)
    finding = search_leader(records, metric, direction)
    figure.update_xaxes(title_text="trial number", **whole_scale(newest), rangemode="tozero")
    return label_qualities(figure, finding, metric, direction)


def _step_line(steps: Sequence[Record], newest: int, style: Style, optimizer: str, metric: str) -> go.Scatter:
    return go.Scatter(
        x=[*(step.number for step in steps), newest],
        y=[*(step.quality for step in steps), steps[-1].quality],
        name=optimizer,
        mode="lines+markers",
        line=style.line(2, shape="hv"),
        marker=style.marker(size=[8] * len(steps) + [0], opacity=1.0),
        customdata=[number(step.measured_quality) for step in (*steps, steps[-1])],
        hovertemplate=f"{optimizer}<br>trial %{{x}}: {metric} %{{customdata}}<extra></extra>",
        cliponaxis=False,
    )


def _complete(records: Iterable[Record]) -> Iterator[Record]:
    return (record for record in records if has_quality(record))


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _beats(direction: Direction, left: Record, right: Record) -> bool:
    return direction.better(left.quality, right.quality)


def _improvements(records: Sequence[Record], optimizer: str, direction: Direction) -> Iterator[Record]:
    best: Record | None = None
    for record in sorted(_complete(records), key=lambda record: record.number):
        if record.optimizer == optimizer and (best is None or _beats(direction, record, best)):
            best = record
            yield record


def _points(
    records: Sequence[Record], style: Style, metric: str, unit: Unit, *, faded: bool = False
) -> go.Scatter:
    optimizer = records[0].optimizer
    scatter = go.Scattergl if len(records) > MANY else go.Scatter
    sizes = [14 if record.stage == "confirm" else 9 for record in records]
    return scatter(
        x=[unit.of(record.train_seconds or 0.0) for record in records],
        y=[record.quality for record in records],
        customdata=[
            [
                record.number,
                record.state,
                record.stage,
                several(record.epochs, "epoch"),
                number(record.measured_quality),
                unit.write(record.train_seconds or 0.0),
            ]
            for record in records
        ],
        name=f"{optimizer}, cut short" if faded else optimizer,
        legendgroup=optimizer,
        showlegend=not faded,
        mode="markers",
        marker=style.marker(size=sizes, opacity=0.3 if faded else 1.0),
        hovertemplate=f"{optimizer}<br>trial %{{customdata[0]}} (%{{customdata[1]}}, %{{customdata[2]}})"
        f"<br>{metric} %{{customdata[4]}}<br>%{{customdata[5]}}, %{{customdata[3]}}<extra></extra>",
    )


def _range_of_whole_runs(records: Sequence[Record]) -> tuple[float, float] | None:
    """Return the qualities to show at first: pruned runs reach far down and would flatten the others."""
    qualities = [record.quality for record in _complete(records) if record.quality is not None]
    room = 0.2 * (max(qualities) - min(qualities)) if qualities else 0.0
    return (min(qualities) - room, max(qualities) + room) if room > 0 else None


def _drawn_by_seconds(study: Study) -> go.Figure:
    return quality_by_seconds(study.records, study.style_of, metric=study.metric, direction=study.direction)


def _drawn_best_so_far(study: Study) -> go.Figure:
    return best_so_far(study.records, study.style_of, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {
    "trials": Plot(_drawn_by_seconds, "a whole run"),
    "best-so-far": Plot(_drawn_best_so_far, "a whole run"),
}
