"""Answer: each optimizer's quality with its interval against the cost that matters, the advised marked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence, has_quality
from advisor.recommendation import Recommendation
from advisor.report.axis_marks import Axis
from advisor.report.numbers import number
from advisor.report.optimizer_styles import GREY, VERMILION, Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_answer import QualityForCost
from advisor.statements.titles_trials import NothingComplete
from advisor.study_report.quality_chart import QualityChart, QualityMark, quality_chart
from dashboard.charts import Plot
from dashboard.charts.looks import legend_below, tinted, titled
from studies.errors import NothingFeasible
from studies.limits import Limits
from studies.quantities import listed, several

if TYPE_CHECKING:
    from dashboard.snapshot import Study

HEIGHT: Final = 376
"""Of a chart beside whose recipe and above whose limits a page 900 pixels high is full."""
BEYOND: Final = tinted(VERMILION, 0.14)
"""Shade of what lies beyond the limit."""


def answer_chart(evidence: Evidence, answer: Recommendation, style_of: Mapping[str, Style]) -> go.Figure:
    """Draw what the answer compares: a mark an optimizer, plain models as lines, the limit shaded.

    Args:
        evidence: that was answered, with its limits and its goal.
        answer: to it.
        style_of: of each optimizer.
    """
    figure, values = go.Figure(), quality_chart(evidence, answer)
    if values is None:
        return _titled(figure, quality_for_cost(evidence, answer, values))
    for mark in values.marks:
        figure.add_trace(_drawn(mark, values, style_of[mark.optimizer]))
    _draw_axes(figure, values)
    _draw_plain_models(figure, values)
    if values.limit is not None:
        _draw_limit(figure, values, values.limit)
    return _titled(figure, quality_for_cost(evidence, answer, values))


def _titled(figure: go.Figure, finding: Statement) -> go.Figure:
    return legend_below(titled(figure, finding), height=HEIGHT, bottom=60)


def reading(values: QualityChart) -> str:
    """Return how to read what is drawn, and how much of it lies outside the first view."""
    axis = values.frame().y
    marks = sum(not axis.low <= mark.quality <= axis.high for mark in values.marks)
    lines = sum(not axis.low <= quality <= axis.high for _, quality in values.plain_models)
    outside = [several(count, noun) for count, noun in ((marks, "mark"), (lines, "line")) if count]
    beyond = f"Outside the view: {listed(outside)}; a double click shows all." if outside else ""
    sentences = (
        (any(mark.interval for mark in values.marks), "Bars: 90 % interval over fresh seeds."),
        (any(not mark.interval for mark in values.marks), "No bar: one run."),
        (any(mark.role == "ruled out" for mark in values.marks), "Hollow: ruled out."),
        (len(values.plain_models) > lines, "Dashed: plain models."),
        (values.limit is not None, "Shaded: beyond the limit."),
    )
    return " ".join([*(sentence for holds, sentence in sentences if holds), beyond]).strip()


def quality_for_cost(evidence: Evidence, answer: Recommendation, values: QualityChart | None) -> Statement:
    """Say what the advised optimizer reached at which cost, beside the others that fit."""
    if values is None:
        whole = any(has_quality(run) for run in evidence.records if run.stage != "compress")
        return NothingComplete(runs="trained", needs="train_seconds" if whole else "")
    fitting = [mark for mark in values.marks if mark.role != "ruled out"]
    advised = next((mark for mark in fitting if mark.role == "advised"), None)
    others = [mark for mark in fitting if mark is not advised]
    better = [m for m in others if advised and evidence.direction.better(m.quality, advised.quality)]
    return QualityForCost(
        subjects=(answer.optimizer,),
        trials=answer.trials,
        metric=values.metric,
        cost=values.cost.field,
        quality=advised.quality if advised else None,
        value=advised.cost if advised else None,
        others=len(others),
        better=len(better),
        cheaper=sum(mark.cost < advised.cost for mark in others) if advised else 0,
    )


def _drawn(mark: QualityMark, values: QualityChart, style: Style) -> go.Scatter:
    advised, hollow = mark.role == "advised", mark.role == "ruled out"
    error, between = None, "not confirmed"
    if mark.interval:
        low, high = mark.interval
        between = f"90 % interval {number(low)} to {number(high)}"
        error = {"array": [high - mark.quality], "arrayminus": [mark.quality - low], "thickness": 2}
    role = "" if mark.role == "fits" else f", {mark.role}"
    return go.Scatter(
        x=[mark.cost],
        y=[mark.quality],
        error_y=error,
        mode="markers+text" if advised else "markers",
        text=[f"<b>{mark.optimizer}</b>"] if advised else None,
        textposition="top center",
        marker=style.marker(
            symbol=f"{style.symbol}-open" if hollow else style.symbol,
            size=16 if advised else 10,
            line={"width": 2 if hollow or advised else 0},
        ),
        name=f"{mark.optimizer}{role}",
        cliponaxis=False,
        hovertemplate=f"{mark.optimizer}{role}<br>{values.metric} {number(mark.quality)}, {between}"
        f"<br>{values.cost.label} {values.cost.write(mark.cost)}<extra></extra>",
    )


def _draw_axes(figure: go.Figure, values: QualityChart) -> None:
    frame = values.frame()
    figure.update_xaxes(title_text=frame.x_title, type="log" if frame.log_x else "linear")
    figure.update_xaxes(range=_ends(frame.x, log=frame.log_x), **_marks(frame.x))
    better = f"{frame.y_title} ({values.direction.word} is better)"
    figure.update_yaxes(title_text=better, range=_ends(frame.y), **_marks(frame.y))


def _ends(axis: Axis, *, log: bool = False) -> tuple[float, float]:
    return (math.log10(axis.low), math.log10(axis.high)) if log else (axis.low, axis.high)


def _marks(axis: Axis) -> dict[str, Any]:
    return {"tickvals": list(axis.marks), "ticktext": list(axis.texts)}


def _draw_plain_models(figure: go.Figure, values: QualityChart) -> None:
    axis = values.frame().y
    for name, quality in values.plain_models:
        if axis.low <= quality <= axis.high:
            figure.add_hline(
                y=quality,
                line={"color": GREY, "dash": "dash", "width": 1.5},
                annotation={"text": f"{name}: {number(quality)}", "font": {"size": 12}},
                annotation_position="top left",
            )


def _draw_limit(figure: go.Figure, values: QualityChart, limit: float) -> None:
    end = max(values.frame().x.high, limit)
    figure.add_vrect(x0=limit, x1=end, fillcolor=BEYOND, line_width=0, layer="below")
    figure.add_vline(
        x=limit,
        line={"color": VERMILION, "width": 2},
        annotation={"text": f"limit {values.cost.write(limit)}", "font": {"color": VERMILION}},
        annotation_position="bottom right",
    )


def _of_study(study: Study) -> go.Figure:
    """Draw the answer of a study; under limits that nothing fits, what they rule out."""
    evidence = study.evidence
    try:
        answer = recommend(evidence)
    except NothingFeasible:
        evidence = replace(evidence, limits=Limits())
        answer = recommend(evidence)
    return answer_chart(evidence, answer, styles(study.optimizers))


PLOTS: Final[Mapping[str, Plot]] = {"answer": Plot(_of_study, "a whole run")}
