"""Statements: whatever a study left behind, each sentence of the advice is true of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from advisor.evidence import Evidence, has_quality
from advisor.recommendation import Recommendation
from advisor.statements.statement import Case, Statement

from made_studies import case_of, evidences
from statement_words import PLURAL_OF_ONE, strange_numbers

ANY = {"deadline": None, "suppress_health_check": list(HealthCheck)}
CONSTANTS = {
    "new_rows": {"90"},  # per cent, of the interval
    "no_whole_run": {"60"},
    "as_good": {"99"},  # over 99 %
    "headline": {"99", "1"},
    "alternative": {"99", "1"},
}
"""Numbers in the words of a kind that no study changes."""
UNSURE = ("rule_says", "ruled_out", "published_wins", "published_class", "compressed")
"""Kinds that repeat a sentence of a rule, a table or a compressed model, which have tests of their own."""


def sentences(answer: Recommendation) -> tuple[Statement, ...]:
    return (answer.headline, *answer.reasons, *answer.alternatives, *answer.would_change)


def check_all(evidence: Evidence) -> None:
    case = case_of(evidence)
    assume(case is not None)
    assert case is not None
    for statement in sentences(case.answer):
        assert statement.holds(case), f"{statement.kind}: {statement}"
        if statement.kind not in UNSURE:
            strange = strange_numbers(statement, str(statement)) - CONSTANTS.get(statement.kind, set())
            assert not strange, f"{statement.kind}: {statement}"
        assert not PLURAL_OF_ONE.search(str(statement)), statement
    contradictions(case)
    the_advised_is_confirmed_where_any_is(case)
    json.dumps(case.answer.to_dict())


def contradictions(case: Case) -> None:
    """No two sentences say things that cannot both be."""
    kinds = [statement.kind for statement in sentences(case.answer)]
    for kind, other in (
        ("only_one", "as_good"),
        ("only_one", "nothing_apart"),
        ("only_one", "next_best"),
        ("nothing_in_sight", "looser_limit"),
        ("nothing_in_sight", "tighter_limit"),
        ("nothing_in_sight", "other_goals"),
        ("any_trial", "reached"),
        ("no_whole_run", "reached"),
        ("next_best", "nothing_to_compare"),
    ):
        assert not {kind, other} <= set(kinds), kinds
    assert ("only_one" in kinds) <= (len(case.answer.contenders) == 1)
    ruled_out = {finding.subject for finding in case.answer.findings if finding.verdict == "veto"}
    assert not ruled_out & {other.optimizer for other in case.answer.contenders}
    whole = {run.optimizer for run in case.evidence.records if run.searched and has_quality(run)}
    assert (case.answer.label == "prior only") == (case.answer.optimizer not in whole)


def the_advised_is_confirmed_where_any_is(case: Case) -> None:
    numbers = {
        run.number
        for run in case.evidence.records
        if run.stage in {"confirm", "compress"} and has_quality(run)
    }
    fresh = [other for other in case.answer.contenders if numbers & set(other.trials)]
    assert not fresh or set(case.answer.trials) <= numbers


def changes(statement: Statement) -> Iterator[Statement]:
    """Return the statement with one measured figure after another changed."""
    for field in fields(statement):
        value: Any = getattr(statement, field.name)
        if field.name in MEASURED and isinstance(value, float):
            yield replace(statement, **{field.name: value + abs(value) + math.e})  # no other run's figure


MEASURED = ("quality", "best", "p_tie", "p_best", "spread", "advised_quality")
"""Figures that a statement checks against the records."""


@settings(max_examples=500, **ANY)
@given(evidences())
def test_every_statement_is_true_of_its_study(evidence):
    check_all(evidence)


@pytest.mark.slow
@settings(max_examples=10_000, **ANY)
@given(evidences())
def test_every_statement_is_true_of_ten_thousand_studies(evidence):
    check_all(evidence)


@settings(max_examples=100, **ANY)
@given(evidences())
def test_a_statement_with_another_figure_does_not_hold(evidence):
    case = case_of(evidence)
    for statement in sentences(case.answer) if case else ():
        for other in changes(statement):
            assert not other.holds(case), other
