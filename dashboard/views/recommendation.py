"""Recommendation: which optimizer, how sure, at what cost, because of what, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.confidence import MEANINGS
from advisor.contender import Contender
from advisor.evidence import Finding
from advisor.goals import GOALS
from advisor.jobs import command_lines
from advisor.recommendation import Recommendation
from advisor.report.columns_table import TITLES as COLUMN_TITLES
from advisor.report.columns_table import column_rows
from advisor.report.compression_table import TITLES
from advisor.report.layout import settings
from advisor.report.numbers import number, percent, ratio, trials
from advisor.statements.check import Check
from advisor.statements.statement import Statement
from dashboard import reads, whatif
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import cost_columns
from dashboard.widgets.words import bullets, filled_columns, plain, progress, search_state
from studies.costs import COSTS
from studies.errors import NothingFeasible, StudyError
from studies.limits import Limits
from studies.quantities import listed

METRIC_PIXELS: Final = 190
"""Four stand in a row at 1280 pixels, two at 800."""
SLIDER_PIXELS: Final = 280
GOAL_PIXELS: Final = 160
RESETS: Final = "ways back"
"""Session-state key: how often the visitor has gone back to the study's own limits."""


def show(home: Path, name: str) -> None:
    """Show the recommendation of a study, and what it would be under other limits or another goal."""
    top = st.container()
    try:
        study = reads.study(home, name)
    except StudyError as error:
        top.title(plain(name))
        st.error(plain(error))
        return
    limits, goal = _sliders(study)
    changes = whatif.changes(study.evidence, limits, goal)
    try:
        advice = reads.answer(home, name, limits, goal) if changes else reads.recommendation(home, name)
    except StudyError as error:
        top.title("No optimizer fits" if isinstance(error, NothingFeasible) else plain(name))
        top.error(plain(error))
        top.caption(plain(f"Study {name}, {progress(study)}. {search_state(study)}"))
        _changes(home, study, limits, goal)
        return
    with top:
        _headline(advice)
        st.caption(plain(f"Study {name}, {progress(study)}. {search_state(study)}"))
    _changes(home, study, limits, goal)
    _costs(advice)
    _sentences("Why", advice.reasons)
    _sentences("What the rules looked at", advice.readings)
    _compression(advice)
    _sentences("When to choose another", advice.alternatives)
    _sentences("What would change this", advice.would_change)
    _checks(advice.checklist)
    _details(advice)


def _sliders(study: Study) -> tuple[Limits, str]:
    """Return the limits and the goal that the sliders stand at.

    The address keeps what differs from the study's own.
    """
    evidence = study.evidence
    limits, goal = whatif.from_address(st.query_params.to_dict(), evidence)
    with st.container(border=True), st.container(horizontal=True):
        values = {
            slider.limit: _slider(study, slider, getattr(limits, slider.limit)) for slider in whatif.SLIDERS
        }
        goal = _goal(study, goal)
    limits = whatif.limits_at(values)
    written = whatif.to_address(evidence, limits, goal)
    for parameter in (*(slider.parameter for slider in whatif.SLIDERS), "goal"):
        address.keep(parameter, written.get(parameter, ""), "")
    return limits, goal


def _slider(study: Study, slider: whatif.Slider, limit: float | None) -> float:
    key = _key(slider.parameter, study.name)
    value = math.inf if limit is None else float(limit)
    places = whatif.positions(study.evidence, slider, value, st.session_state.get(key))
    if len(places) == 1:
        return places[0]
    write = partial(whatif.in_words, slider)
    return float(
        st.select_slider(slider.label, places, value=value, format_func=write, key=key, width=SLIDER_PIXELS)
    )


def _goal(study: Study, goal: str) -> str:
    about = "What decides between optimizers that the evidence cannot tell apart"
    key, goals = _key("goal", study.name), tuple(GOALS)
    return str(st.selectbox("Goal", goals, index=goals.index(goal), key=key, help=about, width=GOAL_PIXELS))


def _key(parameter: str, name: str) -> str:
    """Return a widget's key: another one after each way back, so that it stands again where it began."""
    return f"{parameter} {name} {st.session_state.get(RESETS, 0)}"


def _changes(home: Path, study: Study, limits: Limits, goal: str) -> None:
    """Say what was asked otherwise than in the study, and offer the way back and the command."""
    changes = whatif.changes(study.evidence, limits, goal)
    if not changes:
        return
    usual = _usual_answer(home, study)
    st.info(plain(f"Asked otherwise than in the study: {listed(changes)}. {usual}"))
    st.button("Back to the study's own limits", on_click=_reset)
    options = whatif.options(study.evidence, limits, goal)
    if options:
        st.code(command_lines.recommend(home, study.name, options), language="sh", wrap_lines=True)


def _usual_answer(home: Path, study: Study) -> str:
    try:
        optimizer = reads.recommendation(home, study.name).optimizer
    except StudyError as error:
        return f"Under its own limits and goal there is no answer: {error}"
    return f"Under its own limits and goal the answer is {optimizer}."


def _reset() -> None:
    st.session_state[RESETS] = st.session_state.get(RESETS, 0) + 1
    for parameter in (*(slider.parameter for slider in whatif.SLIDERS), "goal"):
        st.query_params.pop(parameter, None)


def _headline(advice: Recommendation) -> None:
    st.title(plain(advice.in_short))
    st.markdown(f"**{plain(str(advice.headline))}**")
    st.markdown(plain(f"{_basis(advice)} {advice.label.capitalize()} means: {MEANINGS[advice.label]}."))


def _basis(advice: Recommendation) -> str:
    if advice.quality is None:
        return "Nothing has been measured yet."
    value = f"Its validation {advice.metric} is {number(advice.quality)}"
    if advice.interval is None:
        return f"{value} ({trials(advice.trials)})."
    low, high = advice.interval
    return f"{value}, 90 % interval {number(low)} to {number(high)} ({trials(advice.trials)})."


def _costs(advice: Recommendation) -> None:
    qualities = (
        (f"Validation {advice.metric}", advice.quality),
        (f"Test {advice.metric}", advice.test_quality),
    )
    shown = [(label, number(value)) for label, value in qualities if value is not None]
    shown += [
        (cost.label.capitalize(), cost.write(value))
        for cost in COSTS
        if (value := advice.costs.get(cost.field)) is not None
    ]
    with st.container(horizontal=True):
        for label, text in shown:
            st.metric(plain(label), text, border=True, width=METRIC_PIXELS)
    if advice.quality is None:
        st.caption("Forecasts: nothing has been trained to the end yet.")


def _sentences(heading: str, statements: Sequence[Statement | str]) -> None:
    if statements:
        st.subheader(heading)
        st.markdown(bullets(map(str, statements)))


def _compression(advice: Recommendation) -> None:
    """Show what to do to the trained model, and what else was measured."""
    table = advice.compression_table
    _sentences("Compression", table.sentences())
    if rows := table.rows():
        st.dataframe([dict(zip(TITLES, row, strict=True)) for row in rows], hide_index=True)


def _checks(checklist: tuple[Check, ...]) -> None:
    if not checklist:
        return
    failed = [check for check in checklist if not check.passed]
    st.subheader("Is the study sound?")
    for check in failed:
        st.warning(plain(f"{check.name.capitalize()}: {check.message}. To do: {check.fix}."))
        if check.command:
            st.code(check.command, language="sh", wrap_lines=True)
    st.caption(f"{len(checklist) - len(failed)} of {len(checklist)} checks passed.")


def _details(advice: Recommendation) -> None:
    st.subheader("All candidates")
    rows = [_row(contender) for contender in advice.contenders]
    shown = filled_columns(rows, columns(advice.metric))
    st.dataframe(rows, hide_index=True, column_config=shown, column_order=tuple(shown))
    with st.expander("The recipe"):
        st.dataframe(
            [{"axis": axis, "setting": setting} for axis, setting in settings(advice.params, advice.steps)],
            hide_index=True,
        )
    if advice.columns:
        with st.expander(f"What each column became ({len(advice.columns)})"):
            cells = [dict(zip(COLUMN_TITLES, row, strict=True)) for row in column_rows(advice.columns)]
            st.dataframe(cells, hide_index=True)
    if advice.findings:
        with st.expander(f"What the rules say ({len(advice.findings)})"):
            st.dataframe([_finding_row(finding) for finding in advice.findings], hide_index=True)


def _row(contender: Contender) -> dict[str, Any]:
    return {field: getattr(contender, field) for field in columns("")} | {
        "p_tie": percent(contender.p_tie),
        "p_best": percent(contender.p_best),
        "expected_regret": ratio(contender.expected_regret),
    }


def columns(metric: str) -> dict[str, Any]:
    """Return the columns of the candidates' table, by field."""
    text, numbers = st.column_config.TextColumn, st.column_config.NumberColumn
    known = {field.name for field in fields(Contender)}
    return {
        "optimizer": text("optimizer", pinned=True),
        "p_tie": text(
            "as good as the best", help="Probability that its loss is within the tie margin of the best one's"
        ),
        "p_best": text("the best", help="Probability that no other candidate is better"),
        "expected_regret": text(
            "expected extra error", help="On average, over what the best candidate would give"
        ),
        "quality": numbers(f"validation {metric}", format="%.4g"),
        "completed": numbers("whole runs"),
        **{field: column for field, column in cost_columns().items() if field in known},
    }


def _finding_row(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "optimizer": finding.subject,
        "verdict": finding.verdict,
        "because": finding.because,
        "source": finding.source,
    }
