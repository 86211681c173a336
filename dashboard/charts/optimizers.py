"""Optimizers against each other: their best, who beats whom, what tuning promises, time to a target, profiles over studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.targets import TimeToTarget, default_target, performance_profile, times_to_target
from advisor.analysis.tuning_curves import TuningPoint, tuning_curves
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.evidence import Evidence, has_quality
from advisor.recommendation import Contender
from advisor.report.numbers import number, percent
from dashboard.charts import Plot
from dashboard.charts.looks import Style, finished, folded, legend_below, reach, styles
from studies.direction import Direction
from studies.limits import Limits
from studies.quantities import format_seconds

if TYPE_CHECKING:
    from dashboard.snapshot import Study

MATRIX_COLOURS: Final = ((0.0, "#D55E00"), (0.5, "#F2F2F2"), (1.0, "#0072B2"))
"""From surely worse over even to surely better; opaque, so that the numbers stand out from them on any
page."""
ROW_PIXELS: Final = 34
HEAD_PIXELS: Final = 170
SURE: Final = 0.9
WIDE_SPAN: Final = 10.0


def bests(
    contenders: Sequence[Contender], looks: Mapping[str, Style], *, metric: str, direction: Direction
) -> go.Figure:
    """Draw each optimizer's quality, the confirmed ones with a 90 % interval, the others hollow."""
    measured = ((one, one.quality) for one in contenders if one.quality is not None)
    known = sorted(measured, key=lambda pair: direction.loss(pair[1]))
    figure = go.Figure()
    for one, quality in known:
        look = looks[one.optimizer]
        low, high = one.interval or (quality, quality)
        figure.add_scatter(
            x=[quality],
            y=[one.optimizer],
            error_x={"array": [high - quality], "arrayminus": [quality - low], "thickness": 2, "width": 6}
            if one.interval
            else None,
            marker={
                "color": look.colour,
                "symbol": look.symbol if one.interval else f"{look.symbol}-open",
                "size": 11,
            },
            mode="markers",
            hovertemplate=f"{one.optimizer}<br>{metric} {number(quality)}{_between(one)}<br>trials "
            f"{', '.join(map(str, one.trials[:6]))}<extra></extra>",
            name=one.optimizer,
            showlegend=False,
        )
    figure.update_xaxes(title_text=f"validation {metric} ({direction.word} is better)")
    figure.update_yaxes(autorange="reversed", title_text=None, automargin=True)
    height = HEAD_PIXELS + ROW_PIXELS * len(known)
    return figure.update_layout(
        title_text=folded(_best_finding(known, metric)), height=height, margin={"t": 80, "b": 50}
    )


def _between(one: Contender) -> str:
    return (
        f", 90 % interval {number(one.interval[0])} to {number(one.interval[1])}"
        if one.interval
        else ", not confirmed"
    )


def _best_finding(known: Sequence[tuple[Contender, float]], metric: str) -> str:
    if not known:
        return "No trial is complete yet"
    (best, quality), *others = known
    told = f"Best: {best.optimizer}, {metric} {number(quality)}"
    if best.interval is None:
        confirmed = ((one.optimizer, value) for one, value in others if one.interval)
        rest = next((f"; best confirmed: {name}, {number(value)}" for name, value in confirmed), "")
        return f"{told} (not confirmed){rest}"
    if not others:
        return told
    low, high = best.interval
    near = [one for one, _ in others if one.interval and one.interval[0] <= high and one.interval[1] >= low]
    return (
        f"{told}; the intervals of {len(near)} others overlap with its own"
        if near
        else f"{told}; no other's interval overlaps"
    )


def matrix(posterior: Posterior, names: Sequence[str]) -> go.Figure:
    """Draw the probability that the optimizer of a row is better than that of a column, the best rows first."""
    beats = posterior.beats()
    means = posterior.means()
    order = sorted(names, key=lambda name: (means[name], name))
    values = [[beats[row].get(column) for column in order] for row in order]
    text = [["" if value is None else percent(value).removesuffix(" %") for value in line] for line in values]
    figure = go.Figure(
        go.Heatmap(
            z=values, x=order, y=order, text=text, texttemplate="%{text}", colorscale=[list(stop) for stop in MATRIX_COLOURS],
            zmin=0, zmax=1, xgap=2, ygap=2, colorbar={"title": "P", "tickformat": ".0%"},
            hovertemplate="P(%{y} better than %{x}) = %{z:.1%}<extra></extra>", hoverongaps=False,
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True, title_text="better ...", showgrid=False)
    figure.update_xaxes(automargin=True, title_text="... than, probability in %", showgrid=False)
    height = HEAD_PIXELS + 60 + ROW_PIXELS * len(order)
    return figure.update_layout(
        title_text=folded(_matrix_finding(beats, order)), height=height, margin={"t": 80}
    )


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
    found: Mapping[str, Sequence[TuningPoint]], looks: Mapping[str, Style], *, metric: str, direction: Direction
) -> go.Figure:  # fmt: skip
    """Draw the expected quality of the best of so many trials of each optimizer, with its quartiles as a band."""
    figure = go.Figure()
    for name, curve in found.items():
        look, xs = looks[name], [one.trials for one in curve]
        if len(curve) > 1:
            figure.add_scatter(
                x=[*xs, *reversed(xs)],
                y=[*(one.upper for one in curve), *(one.lower for one in reversed(curve))],
                fill="toself", fillcolor=_faded(look.colour), line={"width": 0}, mode="lines",
                legendgroup=name, showlegend=False, hoverinfo="skip",
            )  # fmt: skip
        figure.add_scatter(
            x=xs, y=[one.mean for one in curve], name=name, legendgroup=name, mode="lines+markers",
            line={"color": look.colour, "width": 2}, marker={"color": look.colour, "symbol": look.symbol, "size": 6},
            hovertemplate=f"{name}<br>best of %{{x}} trials: {metric} %{{y:.4g}} expected<extra></extra>",
        )  # fmt: skip
    most = max((curve[-1].trials for curve in found.values()), default=1)
    figure.update_xaxes(title_text="search trials of the optimizer", type="log" if most > 30 else "linear")
    figure.update_yaxes(
        range=reach(
            [value for curve in found.values() for one in curve for value in (one.lower, one.upper)],
            direction,
        )
    )
    finished(figure, folded(_tuning_finding(found, direction)), metric, direction)
    return legend_below(figure, height=460)


def _tuning_finding(found: Mapping[str, Sequence[TuningPoint]], direction: Direction) -> str:
    if not found:
        return "No trial is complete yet"
    early = min(found, key=lambda name: direction.loss(found[name][0].mean))
    shared = min(curve[-1].trials for curve in found.values())
    at = {
        name: next(one.mean for one in reversed(curve) if one.trials <= shared)
        for name, curve in found.items()
    }
    late = min(at, key=lambda name: direction.loss(at[name]))
    if shared == 1:
        return f"With one trial each, {early} is expected to be best"
    if early == late:
        return f"{early} is expected to be best with one trial each as with {shared}"
    return f"With one trial each, {early} is expected to be best; with {shared} each, {late}"


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.15)"


def to_target(
    found: Sequence[TimeToTarget],
    looks: Mapping[str, Style],
    *,
    target: float,
    metric: str,
    steps: bool = False,
) -> go.Figure:
    """Draw how soon each optimizer's runs reach a target: its fastest as a mark, the median of those that get there hollow."""
    figure = go.Figure()
    there = [one for one in found if one.reached]
    if steps:
        there = sorted(there, key=lambda one: (one.fewest_steps or 0, one.optimizer))
    for one in there:
        look = looks[one.optimizer]
        fastest, middle = (
            (one.fewest_steps, one.median_steps) if steps else (one.fastest_seconds, one.median_seconds)
        )
        figure.add_scatter(
            x=[fastest, middle], y=[one.optimizer, one.optimizer], mode="lines+markers", showlegend=False, name=one.optimizer,
            line={"color": look.colour, "width": 2},
            marker={"color": look.colour, "symbol": [look.symbol, f"{look.symbol}-open"], "size": [12, 10]},
            customdata=["fastest", "median"],
            hovertemplate=f"{one.optimizer}, %{{customdata}}: %{{x:.3g}} {'steps' if steps else 's'}<br>"
            f"{one.reached} of {one.runs} whole runs get there; first trial {one.fastest_trial}<extra></extra>",
        )  # fmt: skip
    ends = [value for trace in figure.data for value in trace.x if value]
    wide = bool(ends) and max(ends) > WIDE_SPAN * min(ends)
    unit = "optimizer steps" if steps else "training time (s)"
    axis: dict[str, Any] = {"type": "log"} if wide else {"rangemode": "tozero"}
    figure.update_xaxes(title_text=f"{unit} until {metric} {number(target)}", **axis)
    figure.update_yaxes(autorange="reversed", automargin=True)
    height = HEAD_PIXELS + ROW_PIXELS * max(1, len(there))
    title = folded(_target_finding(found, there, target, metric, steps=steps))
    return figure.update_layout(title_text=title, height=height, margin={"t": 80, "b": 50})


def _target_finding(
    found: Sequence[TimeToTarget], there: Sequence[TimeToTarget], target: float, metric: str, *, steps: bool
) -> str:
    if not there:
        return f"No whole run reaches {metric} {number(target)}"
    best = there[0]
    when = f"{best.fewest_steps:,} steps" if steps else format_seconds(best.fastest_seconds or 0.0)
    never = len(found) - len(there)
    return f"{best.optimizer} is first at {metric} {number(target)}, after {when}" + (
        f"; {never} of {len(found)} optimizers never get there" if never else ""
    )


def profiles(ratios: Mapping[str, Mapping[str, float]], looks: Mapping[str, Style], *, of: str) -> go.Figure:
    """Draw performance profiles: the share of studies in which an optimizer is within a factor of the best one there."""
    found = performance_profile({study: dict(own) for study, own in ratios.items()})
    most = max((step[0] for curve in found.values() for step in curve), default=1.0) * 1.1
    figure = go.Figure()
    for name, curve in found.items():
        xs, ys = [1.0, *(ratio for ratio, _ in curve), most], [0.0, *(share for _, share in curve)]
        figure.add_scatter(
            x=xs, y=[*ys, ys[-1]], name=name, mode="lines+markers", line={"color": looks[name].colour, "shape": "hv", "width": 2},
            marker={"color": looks[name].colour, "symbol": looks[name].symbol, "size": [0, *[8] * len(curve), 0], "opacity": 1.0},
            hovertemplate=f"{name}: within %{{x:.3g}} times the best one's {of} in %{{y:.0%}} of the studies<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(
        title_text=f"{of}, times that of the best one", type="log" if most > WIDE_SPAN else "linear"
    )
    figure.update_yaxes(
        title_text=f"share of the {len(ratios)} studies", range=(-0.03, 1.05), tickformat=".0%"
    )
    title = folded(_profile_finding(found, len(ratios), of))
    return legend_below(figure, height=460).update_layout(title_text=title)


def _profile_finding(found: Mapping[str, Sequence[tuple[float, float]]], count: int, of: str) -> str:
    wins = {
        name: round(count * next((share for ratio, share in curve if ratio <= 1.0), 0.0))
        for name, curve in found.items()
    }
    if not wins:
        return "No optimizer was tried in all of these studies"
    most = max(wins, key=lambda name: wins[name])
    return f"{most} has the least {of} in {wins[most]} of {count} studies"


def without_limits(evidence: Evidence) -> Evidence:
    """Return the same evidence under no limit: an optimizer that breaks one is compared all the same."""
    return replace(evidence, limits=Limits())


def span(evidence: Evidence, usual: float) -> tuple[float, float]:
    """Return the ends of the slider for a target: the first whole run's level that is common, and the best of all."""
    runs = [
        run
        for name in evidence.optimizers
        for run in (*evidence.complete(name), *evidence.confirmations(name))
    ]
    found = sorted((run.measured_quality for run in runs if has_quality(run)), key=evidence.direction.loss)
    middle, best = found[-1 - len(found) // 4], found[0]
    low, high = min(middle, best, usual), max(middle, best, usual)
    return (low, high) if low < high else (low - max(1e-6, 0.1 * abs(low)), high + max(1e-6, 0.1 * abs(high)))


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


def _drawn_to_target(study: Study, *, steps: bool) -> go.Figure:
    target = default_target(study.evidence, recommend(without_limits(study.evidence)))
    if target is None:
        return go.Figure().update_layout(title_text="No trial is complete yet", height=200)
    found = times_to_target(study.evidence, target)
    return to_target(found, styles(study.optimizers), target=target, metric=study.metric, steps=steps)


PLOTS: Final[Mapping[str, Plot]] = {
    "optimizers": Plot(_drawn_bests, "a whole run"),
    "beats": Plot(_drawn_matrix, "a whole study"),
    "tuning": Plot(_drawn_tuning, "a whole run"),
    "time-to-target": Plot(partial(_drawn_to_target, steps=False), "a whole run"),
    "steps-to-target": Plot(partial(_drawn_to_target, steps=True), "a whole run"),
}
