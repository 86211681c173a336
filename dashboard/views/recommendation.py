"""Recommendation: which optimizer, how sure, at what cost, because of what, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from advisor.confidence import MEANINGS
from advisor.decide.circumstances import circumstances
from advisor.decide.under_way import under_way
from advisor.evidence import Evidence, Finding
from advisor.jobs.live_study import LiveStudy
from advisor.recommendation import BASIS, Recommendation
from advisor.report.columns_table import TITLES as COLUMN_TITLES
from advisor.report.columns_table import column_rows
from advisor.report.compression_table import TITLES
from advisor.report.numbers import number
from advisor.report.optimizer_styles import styles
from advisor.statements.circumstances import NothingWhole, ToCompress
from advisor.statements.statement import Statement
from advisor.study_report.quality_chart import quality_chart
from dashboard import reads, whatif
from dashboard.charts import answer as charts
from dashboard.snapshot import Study
from dashboard.widgets import candidates, checks, recipe, running, what_if
from dashboard.widgets.parts import chart, state_in_a_line
from dashboard.widgets.words import bullets, is_running, plain
from studies.costs import COSTS
from studies.errors import NothingFeasible, StudyError

UNTRAINED: Final = f"The answer above has no whole run behind it: {BASIS}."
METRIC_PIXELS: Final = 150
"""Seven stand in two rows at 1280 pixels."""


def show(home: Path, name: str) -> None:
    """Show the recommendation of a study, and what it would be under other limits or another goal."""
    top = st.container()
    try:
        study = reads.study(home, name)
    except StudyError as error:
        top.title(plain(name))
        st.error(plain(error))
        return
    limits, goal = what_if.sliders(study)
    changes = whatif.changes(study.evidence, limits, goal)
    try:
        advice = reads.answer(home, name, limits, goal) if changes else reads.recommendation(home, name)
    except StudyError as error:
        top.title("No optimizer fits" if isinstance(error, NothingFeasible) else plain(name))
        top.error(plain(error))
        top.caption(plain(state_in_a_line(study)))
        what_if.show_changes(home, study, limits, goal)
        return
    evidence = whatif.under(study.evidence, limits, goal)
    with top:
        _said(home, study, advice)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _chart(study, evidence, advice)
        with right:
            recipe.show(home, study, advice, own_answer=not changes)
    what_if.show_changes(home, study, limits, goal)
    _costs(advice)
    _sentences("Why", advice.reasons)
    _compression(advice)
    _sentences("When to choose another", advice.alternatives)
    _sentences("What would change this", advice.would_change)
    checks.show(advice.checklist)
    candidates.show(advice)
    _details(advice)


def _said(home: Path, study: Study, advice: Recommendation) -> None:
    """Say the answer once: of a search that runs, who leads and what is to come; else how sure it is."""
    state = state_in_a_line(study)
    if is_running(study):
        so_far = under_way(study.evidence, advice)
        live = LiveStudy.read(home, study.name, study.manifest, study.records)
        st.title(plain(so_far.title))
        st.markdown(plain(f"{so_far} {live.rest()}"))
        st.caption(plain(f"{live.now()} {state}"))
        return
    st.title(plain(advice.in_short))
    reached = "" if advice.quality is None else advice.reached
    st.markdown(plain(f"{advice.headline.how_sure} {reached}"))
    meaning = f"{advice.label.capitalize()} means: {MEANINGS[advice.label]}."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(" ".join([meaning, *_not_yet(study), state])), width="stretch")
        if not advice.headline.confirmed:
            _confirm(home, study, advice)


def _not_yet(study: Study) -> list[str]:
    """Return what has not come to its end, in sentences; ties and a single candidate are in the answer."""
    return [
        str(each) for each in circumstances(study.evidence) if isinstance(each, NothingWhole | ToCompress)
    ]


def _confirm(home: Path, study: Study, advice: Recommendation) -> None:
    """Offer what makes the answer one that was confirmed: the search goes on."""
    if study.finished:
        label = "Confirm it: go on under twice the budget" if advice.quality is not None else "Search longer"
        running.offer(home, study, study.evidence.resume, label)
    elif not study.manifest.is_imported:
        running.offer(home, study, f"advisor resume {study.name}", "Go on with the search")


def _chart(study: Study, evidence: Evidence, advice: Recommendation) -> None:
    values = quality_chart(evidence, advice)
    if values is None:
        st.info(
            plain(f"No chart yet: here stands what each optimizer reached against what it costs. {UNTRAINED}")
        )
        return
    figure = charts.answer_chart(evidence, advice, styles(study.optimizers))
    chart(figure, f"{study.name}-answer")
    st.caption(plain(charts.reading(values)))


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
    if not shown:
        return
    st.header("Costs")
    with st.container(horizontal=True):
        for label, text in shown:
            st.metric(plain(label), text, width=METRIC_PIXELS)
    if advice.quality is None:
        st.caption("Forecasts: nothing has been trained to the end yet.")


def _sentences(heading: str, statements: Sequence[Statement | str]) -> None:
    if statements:
        st.header(heading)
        st.markdown(bullets(map(str, statements)))


def _compression(advice: Recommendation) -> None:
    """Show what to do to the trained model, and what else was measured."""
    table = advice.compression_table
    _sentences("Compression", table.sentences())
    if rows := table.rows():
        st.dataframe([dict(zip(TITLES, row, strict=True)) for row in rows], hide_index=True)


def _details(advice: Recommendation) -> None:
    if advice.columns:
        with st.expander(f"What each column became ({len(advice.columns)})"):
            cells = [dict(zip(COLUMN_TITLES, row, strict=True)) for row in column_rows(advice.columns)]
            st.dataframe(cells, hide_index=True)
    if advice.readings:
        with st.expander(f"What the rules looked at ({len(advice.readings)})"):
            st.markdown(bullets(map(str, advice.readings)))
    if advice.findings:
        with st.expander(f"What the rules say ({len(advice.findings)})"):
            st.dataframe([_finding_row(finding) for finding in advice.findings], hide_index=True)


def _finding_row(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "optimizer": finding.subject,
        "verdict": finding.verdict,
        "because": finding.because,
        "source": finding.source,
    }
