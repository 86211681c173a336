"""Tuning curves: the best that so many trials of an optimizer promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.analysis.tuning_curves import TuningPoint, tuning_curves
from advisor.report.axis_marks import reach
from advisor.report.numbers import number
from advisor.report.optimizer_styles import Style
from advisor.statements.statement import Statement
from advisor.statements.titles_optimizers import TuningPromise
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.axes import log_scale, whole_scale
from dashboard.charts.looks import label_qualities, legend_below, tinted
from dashboard.spotlight import name_ends
from studies.direction import Direction
from studies.quantities import several

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MANY: Final = 30
"""Trials of one optimizer from which their number is on a log axis."""


def tuning(
    curves: Mapping[str, Sequence[TuningPoint]],
    style_of: Mapping[str, Style],
    *,
    metric: str,
    direction: Direction,
) -> go.Figure:
    """Draw the expected best quality of each optimizer by number of trials, with its quartiles as a band."""
    figure = go.Figure()
    for name, curve in curves.items():
        _draw_promise(figure, curve, name, style_of[name], metric)
    most = max((curve[-1].trials for curve in curves.values()), default=1)
    scale = log_scale((1, most)) if most > MANY else whole_scale(most)
    figure.update_xaxes(title_text="search trials of the optimizer", **scale)
    points = [promise for curve in curves.values() for promise in curve]
    quartiles = [value for promise in points for value in (promise.lower, promise.upper)]
    figure.update_yaxes(range=reach(quartiles, direction))
    label_qualities(figure, tuning_promise(curves, metric, direction), metric, direction)
    return legend_below(name_ends(figure, style_of), height=460)


def _draw_promise(
    figure: go.Figure, curve: Sequence[TuningPoint], name: str, style: Style, metric: str
) -> None:
    trials = [promise.trials for promise in curve]
    if len(curve) > 1:
        lower = [promise.lower for promise in curve]
        figure.add_scatter(
            x=[*trials, *reversed(trials)],
            y=[*(promise.upper for promise in curve), *reversed(lower)],
            fill="toself",
            fillcolor=tinted(style.colour, 0.15),
            line={"width": 0},
            mode="lines",
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=trials,
        y=[promise.mean for promise in curve],
        name=name,
        legendgroup=name,
        mode="lines+markers",
        line=style.line(2),
        marker=style.marker(size=6),
        customdata=[[several(promise.trials, "trial"), number(promise.mean)] for promise in curve],
        hovertemplate=f"{name}<br>best of %{{customdata[0]}}: {metric} %{{customdata[1]}} expected"
        "<extra></extra>",
    )


def tuning_promise(
    curves: Mapping[str, Sequence[TuningPoint]], metric: str, direction: Direction
) -> Statement:
    """Say whose best trial is expected to be best with one trial each, and with as many as all have."""
    if not curves:
        return NothingComplete(runs="search")
    shared = min(curve[-1].trials for curve in curves.values())
    early, late = (_expected_best(curves, trials, direction) for trials in (1, shared))
    return TuningPromise(
        metric=metric,
        early=early[0],
        late=late[0],
        early_quality=early[1],
        late_quality=late[1],
        shared=shared,
        compared=len(curves),
    )


def _expected_best(
    curves: Mapping[str, Sequence[TuningPoint]], trials: int, direction: Direction
) -> tuple[tuple[str, ...], float]:
    """Return the optimizers whose best of so many trials is expected to be best, and its quality."""
    means = {
        name: next(point.mean for point in curve if point.trials == trials) for name, curve in curves.items()
    }
    best = min(means.values(), key=direction.loss)
    near = 1e-10 * max(abs(mean) for mean in means.values())
    return tuple(name for name, mean in means.items() if abs(mean - best) <= near), best


def _drawn_tuning(study: Study) -> go.Figure:
    return tuning(
        tuning_curves(study.evidence),
        study.style_of,
        metric=study.metric,
        direction=study.direction,
    )


PLOTS: Final[Mapping[str, Plot]] = {"tuning": Plot(_drawn_tuning, "a whole run")}
