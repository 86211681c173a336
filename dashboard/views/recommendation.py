"""The answer: which optimizer, how sure, at what cost, because of what, and what would change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.evidence import Check, Contender, Finding, Recommendation
from advisor.report import headline, settings
from advisor.wording import number, percent, ratio, trials
from dashboard import reads
from dashboard.views.words import filled, life, listed, plain, progress
from studies.errors import StudyError
from studies.limits import format_bytes, format_seconds

LABELS: Final = {
    "decided": "most likely nothing here is noticeably better",
    "leaning": "probably nothing here is noticeably better",
    "open": "the evidence cannot tell the best ones apart; the goal decides among them",
    "prior only": "no trial of this study speaks yet; from published results and the facts of the data and the model",
}
COSTS: Final = (
    ("train_seconds", "Training time", format_seconds),
    ("peak_bytes", "Peak memory in training", format_bytes),
    ("optimizer_state_bytes", "Optimizer state", format_bytes),
    ("model_bytes", "Model size", format_bytes),
    ("latency_seconds", "Latency, one row", format_seconds),
)
METRIC_PIXELS: Final = 190
"""Four stand in a row at 1280 pixels, two at 800."""


def show(home: Path, name: str) -> None:
    """Show the recommendation of a study."""
    try:
        study = reads.study(home, name)
        advice = reads.recommendation(home, name)
    except StudyError as error:
        st.title(plain(name))
        st.error(plain(error))
        return
    _headline(advice)
    st.caption(plain(f"Study {name}, {progress(study)}. {life(study)}"))
    _costs(advice)
    _sentences("Why", advice.reasons)
    _sentences("When to choose another", advice.alternatives)
    _sentences("What would change this", advice.would_change)
    _checks(advice.checklist)
    _details(advice)


def _headline(advice: Recommendation) -> None:
    st.title(plain(f"{'Start with' if advice.label == 'prior only' else 'Use'} {advice.optimizer}"))
    st.markdown(f"**{plain(headline(advice))}**")
    st.markdown(plain(f"{advice.label.capitalize()}: {LABELS[advice.label]}. {_basis(advice)}"))


def _basis(advice: Recommendation) -> str:
    if advice.quality is None:
        return "Nothing has been measured yet."
    value = f"Its validation {advice.metric} is {number(advice.quality)}"
    if advice.interval is None:
        return f"{value} ({trials(advice.trials)})."
    low, high = advice.interval
    return f"{value}, 90 % interval {number(low)} to {number(high)} ({trials(advice.trials)})."


def _costs(advice: Recommendation) -> None:
    qualities = ((f"Validation {advice.metric}", advice.quality), (f"Test {advice.metric}", advice.test_quality))
    shown = [(label, number(value)) for label, value in qualities if value is not None]
    shown += [(label, write(value)) for key, label, write in COSTS if (value := advice.costs.get(key)) is not None]
    with st.container(horizontal=True):
        for label, text in shown:
            st.metric(plain(label), text, border=True, width=METRIC_PIXELS)
    if advice.quality is None:
        st.caption("Forecasts: nothing has been trained to the end yet.")


def _sentences(heading: str, sentences: tuple[str, ...]) -> None:
    if sentences:
        st.subheader(heading)
        st.markdown(listed(sentences))


def _checks(checklist: tuple[Check, ...]) -> None:
    if not checklist:
        return
    failed = [check for check in checklist if not check.passed]
    st.subheader("Is the study sound?")
    for check in failed:
        st.warning(plain(f"{check.name.capitalize()}: {check.message}. To do: {check.fix}."))
        if check.command:
            st.code(check.command, language="sh")
    st.caption(f"{len(checklist) - len(failed)} of {len(checklist)} checks passed.")


def _details(advice: Recommendation) -> None:
    st.subheader("All candidates")
    rows = [_row(contender) for contender in advice.contenders]
    shown = filled(rows, columns(advice.metric))
    st.dataframe(rows, hide_index=True, column_config=shown, column_order=tuple(shown))
    with st.expander("The recipe"):
        st.dataframe(
            [{"axis": axis, "setting": setting} for axis, setting in settings(advice.params, advice.steps)], hide_index=True
        )
    if advice.findings:
        with st.expander(f"What the rules say ({len(advice.findings)})"):
            st.dataframe([_said(finding) for finding in advice.findings], hide_index=True)


def _row(contender: Contender) -> dict[str, Any]:
    return {field: getattr(contender, field) for field in columns("")} | {
        "p_tie": percent(contender.p_tie),
        "p_best": percent(contender.p_best),
        "expected_regret": ratio(contender.expected_regret),
    }


def columns(metric: str) -> dict[str, Any]:
    """Return the columns of the candidates' table, by field."""
    text, numbers = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "optimizer": text("optimizer", pinned=True),
        "p_tie": text("as good as the best", help="Probability that its loss is within the tie margin of the best one's"),
        "p_best": text("the best", help="Probability that no other candidate is better"),
        "expected_regret": text("expected extra error", help="On average, over what the best candidate would give"),
        "quality": numbers(f"validation {metric}", format="%.4g"),
        "completed": numbers("whole runs"),
        "train_seconds": numbers("training time (s)", format="%.3g"),
        "peak_bytes": numbers("peak memory (bytes)", format="localized"),
        "optimizer_state_bytes": numbers("optimizer state (bytes)", format="localized"),
    }


def _said(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "optimizer": finding.subject,
        "verdict": finding.verdict,
        "because": finding.because,
        "source": finding.source,
    }
