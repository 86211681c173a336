"""Time to a target: how soon each optimizer reaches a quality, and performance profiles over studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.analysis.targets import TimeToTarget, default_target, performance_profile, times_to_target
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence, has_quality
from advisor.report.numbers import number, times
from advisor.report.optimizer_styles import Style, styles
from advisor.report.units import PLAIN, Unit, unit_of
from advisor.statements.statement import Statement
from advisor.statements.titles_targets import FirstAtTarget, MostOften
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.axes import fitting_scale
from dashboard.charts.looks import HEAD_PIXELS, ROW_PIXELS, legend_below, titled
from dashboard.charts.optimizers import without_limits

if TYPE_CHECKING:
    from dashboard.snapshot import Study


def to_target(
    attempts: Sequence[TimeToTarget],
    style_of: Mapping[str, Style],
    *,
    target: float,
    metric: str,
    steps: bool = False,
) -> go.Figure:
    """Draw how soon each optimizer's runs reach a target: its fastest run, and the median of those that do.

    The fastest is solid, the median hollow.
    """
    figure = go.Figure()
    reached = [attempt for attempt in attempts if attempt.reached]
    if steps:
        reached = sorted(reached, key=lambda attempt: (attempt.fewest_steps or 0, attempt.optimizer))
    unit = PLAIN if steps else unit_of((attempt.fastest_seconds for attempt in reached), seconds=True)
    for attempt in reached:
        figure.add_trace(_time_line(attempt, style_of[attempt.optimizer], unit, steps=steps))
    scale = fitting_scale([value for trace in figure.data for value in trace.x if value])
    label = unit.titled("optimizer steps" if steps else "training time")
    figure.update_xaxes(title_text=f"{label} until {metric} {number(target)}", **scale)
    if scale["type"] == "linear":
        figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True)
    height = HEAD_PIXELS + ROW_PIXELS * max(1, len(reached))
    titled(figure, first_at_target(attempts, target, metric, steps=steps))
    return figure.update_layout(height=height, margin={"t": 80, "b": 50})


def _time_line(attempt: TimeToTarget, style: Style, unit: Unit, *, steps: bool) -> go.Scatter:
    fastest, median = (
        (attempt.fewest_steps, attempt.median_steps)
        if steps
        else (attempt.fastest_seconds, attempt.median_seconds)
    )

    def written(value: float | None) -> str:
        return "" if value is None else f"{number(value)} steps" if steps else unit.write(value)

    return go.Scatter(
        x=[None if value is None else unit.of(value) for value in (fastest, median)],
        y=[attempt.optimizer] * 2,
        mode="lines+markers",
        showlegend=False,
        name=attempt.optimizer,
        line=style.line(2),
        marker=style.marker(symbol=[style.symbol, f"{style.symbol}-open"], size=[12, 10]),
        customdata=[["fastest", written(fastest)], ["median", written(median)]],
        hovertemplate=f"{attempt.optimizer}, %{{customdata[0]}}: %{{customdata[1]}}<br>"
        f"{attempt.reached} of {attempt.runs} whole runs get there; first trial {attempt.fastest_trial}"
        "<extra></extra>",
    )


def first_at_target(
    attempts: Sequence[TimeToTarget], target: float, metric: str, *, steps: bool
) -> Statement:
    """Say whose fastest run is first at a target."""
    if not attempts:
        return NothingComplete(runs="trained", needs="curve")
    fastest = {
        attempt.optimizer: attempt.fewest_steps if steps else attempt.fastest_seconds
        for attempt in attempts
        if attempt.reached
    }
    least = min((time for time in fastest.values() if time is not None), default=None)
    return FirstAtTarget(
        subjects=tuple(name for name, time in fastest.items() if time == least),
        metric=metric,
        target=target,
        seconds=None if steps else least,
        steps=None if least is None or not steps else int(least),
        counted="steps" if steps else "seconds",
        reached=len(fastest),
        compared=len(attempts),
    )


def profiles(
    ratios: Mapping[str, Mapping[str, float]], style_of: Mapping[str, Style], *, of: str
) -> go.Figure:
    """Draw performance profiles: in what share of studies an optimizer is within a factor of the best one."""
    curves = performance_profile({study: dict(by_optimizer) for study, by_optimizer in ratios.items()})
    most = max((step[0] for curve in curves.values() for step in curve), default=1.0) * 1.1
    figure = go.Figure()
    for name, curve in curves.items():
        xs, ys = [1.0, *(ratio for ratio, _ in curve), most], [0.0, *(share for _, share in curve)]
        figure.add_scatter(
            x=xs,
            y=[*ys, ys[-1]],
            name=name,
            mode="lines+markers",
            line=style_of[name].line(2, shape="hv"),
            marker=style_of[name].marker(size=[0, *[8] * len(curve), 0], opacity=1.0),
            customdata=[times(x) for x in xs],
            hovertemplate=f"{name}: within %{{customdata}} the best one's {of} "
            "in %{y:.0%} of the studies<extra></extra>",
        )
    figure.update_xaxes(title_text=f"{of}, times that of the best one", **fitting_scale((1.0, most)))
    share = f"share of the {len(ratios)} studies"
    figure.update_yaxes(title_text=share, range=(-0.03, 1.05), tickformat=".0%")
    titled(figure, most_often(ratios, of))
    return legend_below(figure, height=460).update_layout(showlegend=True)


def most_often(ratios: Mapping[str, Mapping[str, float]], of: str) -> Statement:
    """Say who has the least of something in most of the studies, of those tried in all of them."""
    least = {
        study: tuple(name for name, ratio in by_optimizer.items() if ratio <= 1.0)
        for study, by_optimizer in ratios.items()
    }
    compared = tuple(sorted(set.intersection(*map(set, ratios.values())))) if ratios else ()
    wins = {name: sum(name in names for names in least.values()) for name in compared}
    most = max(wins.values(), default=0)
    return MostOften(
        subjects=tuple(name for name in compared if wins[name] == most),
        of=of,
        least=tuple(least.items()),
        wins=most,
        compared=compared,
    )


def span(evidence: Evidence, usual: float) -> tuple[float, float]:
    """Return the ends of the slider for a target: what three in four whole runs reach, and the best."""
    runs = [
        run
        for name in evidence.optimizers
        for run in (*evidence.complete(name), *evidence.confirmations(name))
    ]
    ranked = sorted((run.measured_quality for run in runs if has_quality(run)), key=evidence.direction.loss)
    middle, best = ranked[-1 - len(ranked) // 4], ranked[0]
    low, high = min(middle, best, usual), max(middle, best, usual)
    return (low, high) if low < high else (low - max(1e-6, 0.1 * abs(low)), high + max(1e-6, 0.1 * abs(high)))


def _drawn_to_target(study: Study, *, steps: bool) -> go.Figure:
    target = default_target(study.evidence, recommend(without_limits(study.evidence)))
    if target is None:
        return titled(go.Figure(), NothingComplete(runs="search")).update_layout(height=200)
    attempts = times_to_target(study.evidence, target)
    return to_target(attempts, styles(study.optimizers), target=target, metric=study.metric, steps=steps)


PLOTS: Final[Mapping[str, Plot]] = {
    "time-to-target": Plot(partial(_drawn_to_target, steps=False), "a whole run"),
    "steps-to-target": Plot(partial(_drawn_to_target, steps=True), "a whole run"),
}
