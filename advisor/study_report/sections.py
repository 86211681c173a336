"""Sections of a report in their order: the answer first, what it rests on after it, the long tables last."""

from __future__ import annotations

from advisor.report.section import Section
from advisor.study_report.answer_sections import answer_sections, candidates, rules
from advisor.study_report.data_sections import data, repeat, trials
from advisor.study_report.reported import ReportedStudy


def sections(study: ReportedStudy) -> tuple[Section, ...]:
    """Return the sections that have something to say."""
    answer = study.recommendation
    tables = () if answer is None else (candidates(answer), rules(answer))
    every = (*answer_sections(study), data(study), *tables, trials(study), repeat(study))
    return tuple(section for section in every if not section.empty)
