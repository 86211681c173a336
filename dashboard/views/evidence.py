"""Evidence: what is published on this class of problems, what earlier studies here ended with, and which rules spoke."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.decide.rulebook import apply_rules, in_force
from advisor.evidence import Finding
from advisor.jobs.command_lines import at_home
from advisor.jobs.history import STUDIES, EarlierStudy, similar_studies
from advisor.published import sources
from advisor.published.shown import lines_of
from advisor.report.numbers import number
from dashboard import reads
from dashboard.charts import evidence, looks
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import chart
from dashboard.widgets.words import life, listed, plain, progress
from studies.errors import StudyError

ODDS: Final = (
    "Wins, ties and losses against a tuned AdamW as log-odds: 0.4 is 60 to 40, 0.8 is 69 to 31. Each task has one vote. "
    "What wins on one class of problems is no guide to another."
)
RATES: Final = "Each line runs from the 10 % to the 90 % quantile of the learning rates that tuning ended at; the mark is the median."
GRADES: Final = "Grades: A several independent benchmarks, B one careful benchmark or a measurement of ours, C papers or manuals, D custom."


def show(home: Path, name: str) -> None:
    """Show the evidence that a study's advice rests on besides its own trials."""
    st.title("Evidence")
    try:
        study = reads.study(home, name)
        findings = apply_rules(study.evidence)
        grades = {type(rule).__name__: rule.grade for rule, _ in in_force(study.evidence.rules)}
    except StudyError as error:
        st.error(plain(error))
        return
    st.caption(plain(f"Study {name}, {progress(study)}. {life(study)}"))
    _published(study)
    _earlier(study)
    _rules(study, findings, grades)


def _published(study: Study) -> None:
    st.subheader("Published results")
    about = evidence.class_in_words(study)
    covered = (
        f"This is {about}."
        if about
        else "No published table covers this class of problems: rates over all kinds count half."
    )
    st.markdown(plain(covered))
    found = evidence.published(study)
    chart(
        evidence.odds(found, looks.styles(study.optimizers), about),
        f"{study.name}-published",
        evidence.rows(found),
    )
    st.caption(ODDS)
    unknown = [one.optimizer for one in found if not one.rate.known]
    if unknown:
        st.markdown(plain(f"No published comparison with AdamW: {', '.join(unknown)}."))
    rates = evidence.rates(study)
    if rates:
        figure = evidence.learning_rate_ranges(study, looks.styles(study.optimizers))
        chart(figure, f"{study.name}-published-lrs", rates)
        st.caption(RATES)
    _each(study)


def _each(study: Study) -> None:
    optimizer = address.one_of("All that is published on", study.optimizers, "optimizer", study=study.name)
    lines = [
        {"problems": where, "measured": what, "n": n, "source": source}
        for where, what, n, source in lines_of(optimizer)
    ]
    if lines:
        st.table(lines)
    else:
        st.markdown(plain(f"No published measurement of {optimizer}."))
    with st.expander("Sources and licences"):
        st.table(
            [
                {"source": one.citation, "results": one.repository, "licence": one.licence}
                for one in sources().values()
            ]
        )


def _earlier(study: Study) -> None:
    st.subheader("Earlier studies in this home")
    for start in study.manifest.starts:
        st.markdown(plain(f"This study began with {start.origin}."))
    others = _similar(study, reads.names(study.home)[:12])
    if not others:
        st.markdown(
            "No other study here has the same model on the same kind of problem. The next such one would start from this one:"
        )
        st.code(f"advisor search DATA{at_home(study.home)}", language="sh")
        return
    st.dataframe([row for other in others for row in _bests(other)], hide_index=True)
    st.caption(
        "The best whole run of each optimizer in the newest similar studies: same model, kind of data, task and problem class."
    )


@st.cache_resource(
    max_entries=8,
    show_spinner="Looking through earlier studies",
    hash_funcs={Study: lambda study: (study.home, study.name)},
)
def _similar(study: Study, names: tuple[str, ...]) -> tuple[EarlierStudy, ...]:  # noqa: ARG001 a new study is looked at anew
    if study.manifest.workload is None:
        return ()
    found = similar_studies(study.home, study.manifest.workload, study.evidence.facts)
    others = (other for other in found if other.name != study.name)
    return tuple(other for other, _ in zip(others, range(STUDIES), strict=False))


def _bests(other: EarlierStudy) -> list[dict[str, Any]]:
    tried = dict.fromkeys(record.optimizer for record in other.records)
    best = [record for optimizer in tried if (record := other.best(optimizer))]
    ordered = sorted(best, key=lambda record: other.direction.loss(record.quality))
    return [
        {
            "study": other.name, "optimizer": record.optimizer, "trial": record.number,
            "reached": f"{other.manifest.metric} {number(record.measured_quality)} on {other.manifest.dataset}",
            "lr": record.params.get(f"optimizer.{record.optimizer}.lr"),
        }
        for record in ordered
    ]  # fmt: skip


def _rules(study: Study, findings: tuple[Finding, ...], grades: dict[str, str]) -> None:
    st.subheader("Rules that spoke")
    if not findings:
        st.markdown("No rule has anything to say about these optimizers here.")
        return
    rows = [
        {
            "rule": one.rule, "optimizer": one.subject, "verdict": one.verdict, "strength": one.strength or None,
            "grade": grades.get(one.rule, ""), "because": one.because, "source": one.source,
        }
        for one in findings
    ]  # fmt: skip
    if any(one.strength for one in findings):
        chart(evidence.strengths(findings, study.optimizers), f"{study.name}-rules", rows)
    for (rule, source), own in groupby(findings, key=lambda one: (one.rule, one.source)):
        st.markdown(f"**{plain(rule)}**, " + plain(f"grade {grades.get(rule, 'unknown')}. {source}"))
        st.markdown(listed(tuple(_said(one) for one in own)))
    st.caption(GRADES)


def _said(one: Finding) -> str:
    strength = f" ({one.strength:+.2g})" if one.strength else ""
    return f"{one.subject}, {one.verdict}{strength}: {one.because}"
