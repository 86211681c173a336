"""Optimizers against each other: their best, and who beats whom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from advisor.contender import Contender
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.evidence import Evidence
from advisor.recommendation import Recommendation
from advisor.report.numbers import chance, number
from advisor.report.optimizer_styles import BLUE, VERMILION, Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_optimizers import SURE, LikelyBetter, Measured, MeasuredBest
from advisor.statements.titles_trials import NothingComplete
from dashboard.charts import Plot
from dashboard.charts.looks import HEAD_PIXELS, ROW_PIXELS, titled
from studies.limits import Limits

if TYPE_CHECKING:
    from dashboard.snapshot import Study

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


PLOTS: Final[Mapping[str, Plot]] = {
    "optimizers": Plot(_drawn_bests, "a whole run"),
    "beats": Plot(_drawn_matrix, "a whole study"),
}
