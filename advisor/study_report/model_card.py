"""Model card of a study: Markdown for whoever gets the model, in the order of sections that people know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from advisor.recommendation import Recommendation
from advisor.report.layout import cost_lines
from advisor.report.numbers import number
from advisor.report.section import Section, Table, sentence
from advisor.study_report.data_sections import columns_line, facts_lines, states_in_words
from advisor.study_report.markdown_page import plain, written_section
from advisor.study_report.quality_chart import plain_models
from advisor.study_report.reported import ReportedStudy

EVERY_CHECK: Final = "All checks of the search passed."


def model_card(study: ReportedStudy, *, usage: str = "") -> str:
    """Return the card of the model that a study recommends: what it is, its limits, data, training, metrics.

    Args:
        study: as `advisor.jobs.reports.reported` reads it.
        usage: code that predicts with the model, where there is some.
    """
    parts = [f"# {plain(study.name)}", *map(written_section, _filled(study, usage))]
    return "\n\n".join(parts) + "\n"


def _filled(study: ReportedStudy, usage: str) -> list[Section]:
    return [section for section in _sections(study, usage) if not section.empty]


def _sections(study: ReportedStudy, usage: str) -> Iterator[Section]:
    answer = study.recommendation
    yield Section(title="Model details", sentences=(*facts_lines(study), *_headline(study)))
    yield Section(title="How to use", code=(usage,) if usage else ())
    if answer is None:
        yield Section(title="Limits and caveats", sentences=(study.problem,))
        return
    yield Section(title="Limits and caveats", sentences=_caveats(answer))
    yield Section(title="Training data", sentences=(*study.notes, *columns_line(study.evidence.columns)))
    yield from _training(study, answer)
    yield _evaluation(study, answer)
    command = (study.evidence.command,) if study.evidence.command else ()
    yield Section(title="Versions", tables=(study.repeat_table,), code=command)


def _headline(study: ReportedStudy) -> tuple[str, ...]:
    return () if study.recommendation is None else (str(study.recommendation.headline),)


def _caveats(answer: Recommendation) -> tuple[str, ...]:
    """Return the checks that failed, each with what to do."""
    failed = tuple(str(check) for check in answer.checklist if not check.passed)
    return failed or ((EVERY_CHECK,) if answer.checklist else ())


def _training(study: ReportedStudy, answer: Recommendation) -> Iterator[Section]:
    costs = tuple(map(sentence, cost_lines(answer.costs)))
    yield Section(title="Training procedure", tables=(answer.recipe_table,), sentences=costs)
    compared = ", ".join(study.evidence.optimizers)
    searched = (f"Optimizers compared: {compared}.", sentence(states_in_words(study.evidence.records)))
    yield Section(title="How it was searched", sentences=(*searched, *map(str, answer.reasons)))


def _evaluation(study: ReportedStudy, answer: Recommendation) -> Section:
    rows = tuple((name, number(quality)) for name, quality in plain_models(study.evidence))
    titles = ("plain model", f"validation {answer.metric}")
    table = Table(titles=titles, rows=rows, about="plain models on the same rows")
    return Section(title="Evaluation", sentences=(answer.reached,), tables=(table,))
