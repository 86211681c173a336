"""Sections on the answer: what to use, why, at what cost, how sound the study is, and what else there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from advisor.confidence import MEANINGS
from advisor.recommendation import Recommendation
from advisor.report.layout import cost_lines
from advisor.report.numbers import written, written_limit
from advisor.report.section import Section, Table, sentence
from advisor.statements.check import Check
from advisor.study_report.curves_chart import curves_chart
from advisor.study_report.memory_chart import memory_chart
from advisor.study_report.quality_chart import quality_chart
from advisor.study_report.reported import ReportedStudy
from studies.costs import BY_FIELD, Cost
from studies.limits import LIMITED_COST
from studies.quantities import several

CONTENDER_COSTS: Final = ("train_seconds", "peak_bytes", "optimizer_state_bytes")
"""Costs that a contender knows of itself."""


def title_of(study: ReportedStudy) -> str:
    """Return the title: whom to use, or that nobody fits."""
    answer = study.recommendation
    if answer is None:
        return f"No optimizer fits: {study.name}"
    return f"{answer.in_short}: {study.name}"


def answer_lines(study: ReportedStudy) -> tuple[str, ...]:
    """Return the answer in sentences: how sure it is, what it was measured to reach, how far the study is."""
    answer = study.recommendation
    if answer is None:
        return tuple(filter(None, (study.problem, study.state)))
    meaning = f"{answer.label.capitalize()} means: {MEANINGS[answer.label]}."
    return tuple(filter(None, (str(answer.headline), answer.reached, meaning, study.state)))


def answer_sections(study: ReportedStudy) -> Iterator[Section]:
    """Yield what the answer says, and what it rests on."""
    answer = study.recommendation
    if answer is None:
        yield _limits(study)
        return
    yield _recipe(study, answer)
    yield Section(title="Why", sentences=tuple(map(str, answer.reasons)))
    yield Section(title="Quality against cost", chart=quality_chart(study.evidence, answer))
    yield Section(title="Learning curves of the finalists", chart=curves_chart(study.evidence, answer))
    yield Section(title="Costs", sentences=tuple(map(sentence, cost_lines(answer.costs))))
    yield Section(title="Memory of training", chart=memory_chart(study.evidence, answer))
    yield _checklist(answer.checklist)
    yield _limits(study)
    yield Section(title="When to choose another", sentences=tuple(map(str, answer.alternatives)))
    yield Section(title="What would change this", sentences=tuple(map(str, answer.would_change)))
    yield _compression(answer)


def candidates(answer: Recommendation) -> Section:
    """Return the table of all optimizers that fit."""
    costs = [BY_FIELD[field] for field in CONTENDER_COSTS]
    titles = (*answer.contender_titles, *(cost.label for cost in costs))
    rows = tuple(
        (
            contender.optimizer + (", advised" if contender.optimizer == answer.optimizer else ""),
            *contender.cells()[1:],
            *(_written(cost, getattr(contender, cost.field)) for cost in costs),
        )
        for contender in answer.contenders
    )
    return Section(
        title="All candidates that fit", tables=(Table(titles=titles, rows=rows, about="all candidates"),)
    )


def rules(answer: Recommendation) -> Section:
    """Return what the rules looked at, and what they say."""
    rows = tuple(
        (each.subject, each.verdict, each.because, each.rule, each.source) for each in answer.findings
    )
    titles = ("optimizer", "verdict", "because", "rule", "source")
    return Section(
        title="What the rules say",
        sentences=tuple(f"{reading}." for reading in answer.readings),
        tables=(Table(titles=titles, rows=rows, about="findings of the rules"),),
        folded=True,
    )


def _recipe(study: ReportedStudy, answer: Recommendation) -> Section:
    return Section(title="Recipe", tables=(answer.recipe_table,), code=(study.code,) if study.code else ())


def _checklist(checks: tuple[Check, ...]) -> Section:
    """Return the checks, the failed ones first, and the commands that mend these."""
    if not checks:
        return Section(title="Is the study sound?")
    ordered = sorted(checks, key=lambda check: check.passed)
    rows = tuple(
        (check.name, "yes" if check.passed else "no", check.message, "" if check.passed else check.fix)
        for check in ordered
    )
    count = sum(check.passed for check in checks)
    return Section(
        title="Is the study sound?",
        sentences=(f"{count} of {several(len(checks), 'check')} passed.",),
        tables=(Table(titles=("check", "passed", "what is the case", "to do"), rows=rows, about="checks"),),
        code=tuple(check.command for check in ordered if check.command and not check.passed),
    )


def _limits(study: ReportedStudy) -> Section:
    limits = study.evidence.limits
    stated = {cost: getattr(limits, limit) for limit, cost in LIMITED_COST.items()}
    lines = [
        sentence(f"{cost.limited}: at most {written_limit(cost, value)}")
        for cost, value in stated.items()
        if value is not None
    ]
    goal = f"Goal: {study.evidence.goal}."
    return Section(title="Limits and goal", sentences=(*(lines or ["No limits were set."]), goal))


def _compression(answer: Recommendation) -> Section:
    compression = answer.compression_table
    return Section(title="Compression", sentences=tuple(compression.sentences()), tables=(compression.table,))


def _written(cost: Cost, value: float | None) -> str:
    return "-" if value is None else written(cost, value)
