"""Statements: whatever a study left behind, each sentence of the advice is true of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from advisor.recommendation import Recommendation
from advisor.statements.statement import Case, Statement

from made_studies import case_of, evidences

FEW = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=10_000)


def statements(answer: Recommendation) -> tuple[Statement, ...]:
    return (answer.headline, *answer.reasons, *answer.alternatives, *answer.would_change, *answer.checklist)


def check(evidence: Any) -> None:
    case = case_of(evidence)
    assume(case is not None)
    assert case is not None
    for statement in statements(case.answer):
        if hasattr(statement, "holds"):
            assert statement.holds(case), f"{statement.kind}: {statement}"
    contradictions(case)


def contradictions(case: Case) -> None:
    """No two sentences say things that cannot both be."""
    kinds = {statement.kind for statement in statements(case.answer) if hasattr(statement, "kind")}
    assert not {"only_one", "as_good"} <= kinds
    assert not {"only_one", "nothing_apart"} <= kinds
    assert not {"nothing_in_sight", "looser_limit"} <= kinds
    assert not {"any_trial", "reached"} <= kinds
    assert ("only_one" in kinds) <= (len(case.answer.contenders) == 1)
    ruled_out = {finding.subject for finding in case.answer.findings if finding.verdict == "veto"}
    assert not ruled_out & {other.optimizer for other in case.answer.contenders}


@FEW
@given(evidences())
def test_every_statement_is_true_of_the_study(evidence):
    check(evidence)


@pytest.mark.slow
@MANY
@given(evidences())
def test_every_statement_is_true_of_ten_thousand_studies(evidence):
    check(evidence)
