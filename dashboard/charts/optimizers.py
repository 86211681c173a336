"""Optimizers against each other: their best, who beats whom, and what tuning promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.analysis.tuning_curves import TuningPoint, tuning_curves
from advisor.contender import Contender
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.evidence import Evidence
from advisor.report.numbers import number, percent
from dashboard.charts import Plot
from dashboard.charts.looks import (
    BLUE,
    HEAD_PIXELS,
    ROW_PIXELS,
    VERMILION,
    Style,
    folded,
    label_qualities,
    legend_below,
    reach,
    styles,
    tinted,
)
from studies.direction import Direction
from studies.limits import Limits

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MATRIX_COLOURS: Final = ((0.0, VERMILION), (0.5, "#F2F2F2"), (1.0, BLUE))
"""From surely worse over even to surely better; opaque, so that numbers stand out from them on any page."""
SURE: Final = 0.9
"""Probability from which an optimizer counts as better."""


def bests(
    contenders: Sequence[Contender], style_of: Mapping[str, Style], *, metric: str, direction: Direction
) -> go.Figure:
    """Draw each optimizer's quality, the confirmed ones with a 90 % interval, the others hollow."""
    measured = ((entry, entry.quality) for entry in contenders if entry.quality is not None)
    ranked = sorted(measured, key=lambda pair: direction.loss(pair[1]))
    figure = go.Figure()
    for contender, quality in ranked:
        figure.add_trace(_best_mark(contender, quality, style_of[contender.optimizer], metric))
    figure.update_xaxes(title_text=f"validation {metric} ({direction.word} is better)")
    figure.update_yaxes(autorange="reversed", title_text=None, automargin=True)
    height = HEAD_PIXELS + ROW_PIXELS * len(ranked)
    title = folded(_best_finding(ranked, metric))
    return figure.update_layout(title_text=title, height=height, margin={"t": 80, "b": 50})


def _best_mark(contender: Contender, quality: float, style: Style, metric: str) -> go.Scatter:
    symbol, between, error = f"{style.symbol}-open", "not confirmed", None
    if contender.interval:
        low, high = contender.interval
        symbol, between = style.symbol, f"90 % interval {number(low)} to {number(high)}"
        error = {"array": [high - quality], "arrayminus": [quality - low], "thickness": 2, "width": 6}
    return go.Scatter(
        x=[quality],
        y=[contender.optimizer],
        error_x=error,
        marker=style.marker(symbol=symbol, size=11),
        mode="markers",
        hovertemplate=f"{contender.optimizer}<br>{metric} {number(quality)}, {between}<br>trials "
        f"{', '.join(map(str, contender.trials[:6]))}<extra></extra>",
        name=contender.optimizer,
        showlegend=False,
    )


def _best_finding(ranked: Sequence[tuple[Contender, float]], metric: str) -> str:
    if not ranked:
        return "No trial is complete yet"
    (best, quality), *others = ranked
    title = f"Best: {best.optimizer}, {metric} {number(quality)}"
    if best.interval is None:
        confirmed = ((contender.optimizer, value) for contender, value in others if contender.interval)
        rest = next((f"; best confirmed: {name}, {number(value)}" for name, value in confirmed), "")
        return f"{title} (not confirmed){rest}"
    if not others:
        return title
    low, high = best.interval
    intervals = [contender.interval for contender, _ in others if contender.interval]
    overlapping = sum(lowest <= high and highest >= low for lowest, highest in intervals)
    if overlapping:
        return f"{title}; the intervals of {overlapping} others overlap with its own"
    return f"{title}; no other's interval overlaps"


def matrix(posterior: Posterior, names: Sequence[str]) -> go.Figure:
    """Draw the probability that a row's optimizer is better than a column's, the best rows first."""
    beats = posterior.beats()
    means = posterior.means()
    order = sorted(names, key=lambda name: (means[name], name))
    values = [[beats[row].get(column) for column in order] for row in order]
    text = [["" if value is None else percent(value).removesuffix(" %") for value in line] for line in values]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=order,
            y=order,
            text=text,
            texttemplate="%{text}",
            colorscale=[list(stop) for stop in MATRIX_COLOURS],
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            colorbar={"title": "P", "tickformat": ".0%"},
            hovertemplate="P(%{y} better than %{x}) = %{z:.1%}<extra></extra>",
            hoverongaps=False,
        )
    )
    figure.update_yaxes(autorange="reversed", automargin=True, title_text="better ...", showgrid=False)
    figure.update_xaxes(automargin=True, title_text="... than, probability in %", showgrid=False)
    height = HEAD_PIXELS + 60 + ROW_PIXELS * len(order)
    title = folded(_matrix_finding(beats, order))
    return figure.update_layout(title_text=title, height=height, margin={"t": 80})


def _matrix_finding(beats: Mapping[str, Mapping[str, float]], order: Sequence[str]) -> str:
    if len(order) < 2:
        return "Nothing to compare: one optimizer has trials"
    best, rival = order[:2]
    sure = sum(chance >= SURE for other, chance in beats[best].items() if other in order)
    return (
        f"{best} is better than {rival} with a probability of {percent(beats[best][rival])}, "
        f"and than {sure} of the {len(order) - 1} others with at least 90 %"
    )


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
    figure.update_xaxes(title_text="search trials of the optimizer", type="log" if most > 30 else "linear")
    points = [promise for curve in curves.values() for promise in curve]
    quartiles = [value for promise in points for value in (promise.lower, promise.upper)]
    figure.update_yaxes(range=reach(quartiles, direction))
    label_qualities(figure, folded(_tuning_finding(curves, direction)), metric, direction)
    return legend_below(figure, height=460)


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
        hovertemplate=f"{name}<br>best of %{{x}} trials: {metric} %{{y:.4g}} expected<extra></extra>",
    )


def _tuning_finding(curves: Mapping[str, Sequence[TuningPoint]], direction: Direction) -> str:
    if not curves:
        return "No trial is complete yet"
    early = min(curves, key=lambda name: direction.loss(curves[name][0].mean))
    shared = min(curve[-1].trials for curve in curves.values())
    means = {
        name: next(promise.mean for promise in reversed(curve) if promise.trials <= shared)
        for name, curve in curves.items()
    }
    late = min(means, key=lambda name: direction.loss(means[name]))
    if shared == 1:
        return f"With one trial each, {early} is expected to be best"
    if early == late:
        return f"{early} is expected to be best with one trial each as with {shared}"
    return f"With one trial each, {early} is expected to be best; with {shared} each, {late}"


def without_limits(evidence: Evidence) -> Evidence:
    """Return the same evidence under no limit: an optimizer that breaks one is compared all the same."""
    return replace(evidence, limits=Limits())


def _drawn_bests(study: Study) -> go.Figure:
    contenders = recommend(without_limits(study.evidence)).contenders
    return bests(contenders, styles(study.optimizers), metric=study.metric, direction=study.direction)


def _drawn_matrix(study: Study) -> go.Figure:
    posterior = Posterior.of(study.evidence, apply_rules(study.evidence))
    return matrix(posterior, tried(posterior))


def tried(posterior: Posterior) -> tuple[str, ...]:
    """Return the optimizers with trials that say something; all of them where none has any."""
    return (
        tuple(name for name in posterior.optimizers if name in posterior.estimates.by_optimizer)
        or posterior.optimizers
    )


def _drawn_tuning(study: Study) -> go.Figure:
    return tuning(
        tuning_curves(study.evidence),
        styles(study.optimizers),
        metric=study.metric,
        direction=study.direction,
    )


PLOTS: Final[Mapping[str, Plot]] = {
    "optimizers": Plot(_drawn_bests, "a whole run"),
    "beats": Plot(_drawn_matrix, "a whole study"),
    "tuning": Plot(_drawn_tuning, "a whole run"),
}
