"""Advice on imported runs says nothing that is not so, whatever table they came from."""

from dataclasses import replace

from hypothesis import given, settings

from advisor.decide.recommend import recommend
from advisor.jobs.runs.objects import evidence_from
from advisor.statements.statement import Case

from imported_runs import tables
from made_studies import answered


def numbered_apart(evidence):
    """Return the evidence with other numbers for confirmations, as a run may be both."""
    records = [
        replace(run, number=run.number + 1000) if run.stage == "confirm" else run for run in evidence.records
    ]
    return replace(evidence, records=tuple(records))


@settings(max_examples=150, deadline=None)
@given(tables())
def test_every_sentence_of_advice_on_imported_runs_is_true(rows):
    evidence = numbered_apart(evidence_from(rows))
    case = Case(evidence=evidence, answer=recommend(evidence), ask=answered)
    answer = case.answer
    for statement in (answer.headline, *answer.reasons, *answer.alternatives, *answer.would_change):
        assert statement.holds(case), f"{statement.kind}: {statement}"
    for check in answer.checklist:
        assert check.holds(case), check
    for reading in answer.readings:
        assert reading.holds(case), reading


@settings(max_examples=150, deadline=None)
@given(tables())
def test_advice_on_imported_runs_names_nothing_that_nobody_knows(rows):
    words = str(recommend(evidence_from(rows)))
    for unknown in (
        "3,000 steps",
        "100 % as the model reads",
        "the search made",
        "test accuracy",
        "advisor resume",
    ):
        assert unknown not in words
