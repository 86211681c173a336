"""Evidence: published results on this class of problems, earlier studies here, and the rules that spoke."""

from __future__ import annotations

from collections import Counter
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
from advisor.report.optimizer_styles import styles
from dashboard import reads
from dashboard.charts import evidence
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import chart, open_study
from dashboard.widgets.words import bullets, plain
from studies.errors import StudyError
from studies.quantities import several

ODDS: Final = (
    "Wins, ties and losses against a tuned AdamW as log-odds: 0.4 is 60 to 40, 0.8 is 69 to 31. "
    "Each task has one vote. What wins on one class of problems is no guide to another."
)
RATES: Final = (
    "Each line runs from the 10 % to the 90 % quantile of the learning rates that tuning ended at; "
    "the mark is the median."
)
GRADES: Final = (
    "Grades: A several independent benchmarks, B one careful benchmark or a measurement of ours, "
    "C papers or manuals, D custom."
)
NO_EARLIER: Final = (
    "No other study here has the same model on the same kind of problem. The next such one would start "
    "from this one:"
)
EARLIER: Final = (
    "The best whole run of each optimizer in the newest similar studies: same model, kind of data, task and "
    "problem class."
)


def show(home: Path, name: str) -> None:
    """Show the evidence that a study's advice rests on besides its own trials."""
    study = open_study(home, name, "Evidence")
    if study is None:
        return
    try:
        findings = apply_rules(study.evidence)
        grades = {type(rule).__name__: rule.grade for rule, _ in in_force(study.evidence.rules)}
    except StudyError as error:
        st.error(plain(error))
        return
    _published(study)
    _beginning(study)
    _earlier(study)
    _rules(study, findings, grades)


def _published(study: Study) -> None:
    st.header("Published results")
    problem_class = evidence.class_in_words(study)
    covered = (
        f"This is {problem_class}."
        if problem_class
        else "No published table covers this class of problems: rates over all kinds count half."
    )
    st.markdown(plain(covered))
    published = evidence.published(study)
    figure = evidence.odds(published, styles(study.optimizers), problem_class)
    chart(figure, f"{study.name}-published", evidence.rows(published))
    st.caption(ODDS)
    unknown = [result.optimizer for result in published if not result.rate.known]
    if unknown:
        st.markdown(plain(f"No published comparison with AdamW: {', '.join(unknown)}."))
    rates = evidence.rates(study)
    if rates:
        figure = evidence.learning_rate_ranges(study, styles(study.optimizers))
        chart(figure, f"{study.name}-published-lrs", rates)
        st.caption(RATES)
    _measurements(study)


def _measurements(study: Study) -> None:
    optimizer = address.selectbox("All that is published on", study.optimizers, "optimizer", study=study.name)
    lines = [
        {"problems": problems, "measured": measured, "n": n, "source": source}
        for problems, measured, n, source in lines_of(optimizer)
    ]
    if lines:
        st.table(lines)
    else:
        st.markdown(plain(f"No published measurement of {optimizer}."))
    with st.expander("Sources and licences"):
        rows = [
            {"source": source.citation, "results": source.repository, "licence": source.licence}
            for source in sources().values()
        ]
        st.table(rows)


def _beginning(study: Study) -> None:
    origins = Counter(start.origin for start in study.manifest.starts)
    if origins:
        st.header("What it began with")
    for origin, count in origins.items():
        st.markdown(plain(f"{several(count, 'recipe')} of {origin}"))


def _earlier(study: Study) -> None:
    st.header("Earlier studies in this home")
    others = _similar(study, reads.names(study.home)[:12])
    if not others:
        st.markdown(NO_EARLIER)
        st.code(f"advisor search DATA{at_home(study.home)}", language="sh", wrap_lines=True)
        return
    st.dataframe([row for other in others for row in _bests(other)], hide_index=True)
    st.caption(EARLIER)


@st.cache_resource(
    max_entries=8,
    show_spinner="Looking through earlier studies",
    hash_funcs={Study: lambda study: (study.home, study.name)},
)
def _similar(study: Study, names: tuple[str, ...]) -> tuple[EarlierStudy, ...]:  # noqa: ARG001 names are the key
    if study.manifest.workload is None:
        return ()
    similar = similar_studies(study.home, study.manifest.workload, study.evidence.facts)
    others = (other for other in similar if other.name != study.name)
    return tuple(other for other, _ in zip(others, range(STUDIES), strict=False))


def _bests(other: EarlierStudy) -> list[dict[str, Any]]:
    tried = dict.fromkeys(record.optimizer for record in other.records)
    best = [record for optimizer in tried if (record := other.best(optimizer))]
    ordered = sorted(best, key=lambda record: other.direction.loss(record.quality))
    metric, dataset = other.manifest.metric, other.manifest.dataset
    return [
        {
            "study": other.name,
            "optimizer": record.optimizer,
            "trial": record.number,
            "reached": f"{metric} {number(record.measured_quality)} on {dataset}",
            "lr": record.params.get(f"optimizer.{record.optimizer}.lr"),
        }
        for record in ordered
    ]


def _rules(study: Study, findings: tuple[Finding, ...], grades: dict[str, str]) -> None:
    st.header("Rules that spoke")
    if not findings:
        st.markdown("No rule has anything to say about these optimizers here.")
        return
    rows = [
        {
            "rule": finding.rule,
            "optimizer": finding.subject,
            "verdict": finding.verdict,
            "strength": finding.strength or None,
            "grade": grades.get(finding.rule, ""),
            "because": finding.because,
            "source": finding.source,
        }
        for finding in findings
    ]
    if any(finding.strength for finding in findings):
        chart(evidence.strengths(findings, study.optimizers), f"{study.name}-rules", rows)
    for (rule, source), of_rule in groupby(findings, key=lambda finding: (finding.rule, finding.source)):
        st.markdown(f"**{plain(rule)}**, " + plain(f"grade {grades.get(rule, 'unknown')}. {source}"))
        st.markdown(bullets(tuple(_sentence(finding) for finding in of_rule)))
    st.caption(GRADES)


def _sentence(finding: Finding) -> str:
    strength = f" ({finding.strength:+.2g})" if finding.strength else ""
    return f"{finding.subject}, {finding.verdict}{strength}: {finding.because}"
