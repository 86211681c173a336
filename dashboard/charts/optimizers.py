"""Optimizers against each other: their best, who beats whom, and what tuning promises."""

from __future__ import annotations

import math
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
from advisor.recommendation import Recommendation
from advisor.report.axis_marks import reach
from advisor.report.numbers import chance, number
from advisor.report.optimizer_styles import BLUE, VERMILION, Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_optimizers import SURE, LikelyBetter, Measured, MeasuredBest, TuningPromise
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.axes import log_scale, whole_scale
from dashboard.charts.looks import HEAD_PIXELS, ROW_PIXELS, label_qualities, legend_below, tinted, titled
from dashboard.spotlight import name_ends
from studies.direction import Direction
from studies.limits import Limits
from studies.quantities import several

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MANY: Final = 30
"""Trials of one optimizer from which their number is on a log axis."""
MATRIX_COLOURS: Final = ((0.0, VERMILION), (0.5, "#F2F2F2"), (1.0, BLUE))
"""From surely worse over even to surely better; opaque, so that numbers stand out from them on any page."""


def bests(answer: Recommendation, evidence: Evidence, style_of: Mapping[str, Style]) -> go.Figure:
    """Draw each optimizer's quality, the confirmed ones with a 90 % interval, the others hollow.

    Args:
        answer: to the evidence, had it no limits.
        evidence: of the study, with its limits.
        style_of: of each optimizer.
    """
    ranked = _ranked(answer)
    figure = go.Figure()
    for contender, quality in ranked:
        figure.add_trace(_best_mark(contender, quality, style_of[contender.optimizer], answer.metric))
    figure.update_xaxes(title_text=f"validation {answer.metric} ({answer.direction.word} is better)")
    figure.update_yaxes(autorange="reversed", title_text=None, automargin=True)
    height = HEAD_PIXELS + ROW_PIXELS * len(ranked)
    titled(figure, measured_best(answer, evidence))
    return figure.update_layout(height=height, margin={"t": 80, "b": 50})


def _ranked(answer: Recommendation) -> list[tuple[Contender, float]]:
    """Return the optimizers with a quality, the best first."""
    measured = ((entry, entry.quality) for entry in answer.contenders if entry.quality is not None)
    return sorted(measured, key=lambda pair: answer.direction.loss(pair[1]))


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


def measured_best(answer: Recommendation, evidence: Evidence) -> Statement:
    """Say what the advised optimizer measured, beside those that measured better or the same.

    Args:
        answer: to the evidence, had it no limits.
        evidence: of the study, with its limits.
    """
    ranked = _ranked(answer)
    if not ranked:
        return NothingComplete(runs="search")
    seeds = {record.number: record.seed for record in evidence.records if not record.searched}
    entries = [_measured(contender, quality, seeds) for contender, quality in ranked]
    advised = next((entry for entry in entries if entry.optimizer == answer.optimizer), None)
    others = [entry for entry in entries if entry is not advised]
    alike = [entry for entry in others if advised and math.isclose(entry.quality, advised.quality)]
    better = [
        entry
        for entry in others
        if entry not in alike and (advised is None or answer.direction.better(entry.quality, advised.quality))
    ]
    return MeasuredBest(
        subjects=(answer.optimizer,),
        trials=answer.trials,
        metric=answer.metric,
        advised=advised,
        better=tuple(better),
        alike=tuple(entry.optimizer for entry in alike),
        compared=len(entries),
        overlapping=0 if better else _overlapping(advised, others),
        limits_lifted=evidence.limits != Limits(),
    )


def _measured(contender: Contender, quality: float, seeds: Mapping[int, int]) -> Measured:
    return Measured(
        optimizer=contender.optimizer,
        quality=quality,
        seeds=len({seeds[trial] for trial in contender.trials if trial in seeds}),
        interval=contender.interval,
    )


def _overlapping(advised: Measured | None, others: Sequence[Measured]) -> int:
    """Return how many intervals overlap with that of the advised one."""
    if advised is None or advised.interval is None:
        return 0
    low, high = advised.interval
    intervals = [other.interval for other in others if other.interval]
    return sum(lowest <= high and highest >= low for lowest, highest in intervals)


def matrix(posterior: Posterior, names: Sequence[str]) -> go.Figure:
    """Draw the probability that a row's optimizer is better than a column's, the best rows first."""
    beats = posterior.beats()
    means = posterior.means()
    order = sorted(names, key=lambda name: (means[name], name))
    values = [[beats[row].get(column) for column in order] for row in order]
    text = [["" if value is None else chance(value).removesuffix(" %") for value in line] for line in values]
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
    titled(figure, likely_better(beats, order, tried=bool(posterior.estimates.by_optimizer)))
    return figure.update_layout(height=height, margin={"t": 80})


def likely_better(
    beats: Mapping[str, Mapping[str, float]], order: Sequence[str], *, tried: bool = True
) -> Statement:
    """Say how likely the first of these optimizers is better than the next ones."""
    others = order[1:]
    ahead = beats[order[0]] if others else {}
    return LikelyBetter(
        subjects=tuple(order[:2]),
        probability=ahead[others[0]] if others else 1.0,
        sure=sum(ahead[other] >= SURE for other in others),
        others=len(others),
        tried=tried,
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


def without_limits(evidence: Evidence) -> Evidence:
    """Return the same evidence under no limit: an optimizer that breaks one is compared all the same."""
    return replace(evidence, limits=Limits())


def _drawn_bests(study: Study) -> go.Figure:
    answer = recommend(without_limits(study.evidence))
    return bests(answer, study.evidence, styles(study.optimizers))


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
        study.style_of,
        metric=study.metric,
        direction=study.direction,
    )


PLOTS: Final[Mapping[str, Plot]] = {
    "optimizers": Plot(_drawn_bests, "a whole run"),
    "beats": Plot(_drawn_matrix, "a whole study"),
    "tuning": Plot(_drawn_tuning, "a whole run"),
}
