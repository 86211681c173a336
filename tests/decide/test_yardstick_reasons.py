"""What is said of plain models beside the answer: true of the records, and quiet where nobody measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from advisor.decide.recommend import recommend
from advisor.decide.yardsticks import better_yardstick, yardstick_reasons
from advisor.evidence import Evidence
from advisor.statements.statement import Case
from studies.yardstick import Yardstick

from made_studies import case_of as made_case
from made_studies import evidences
from records import study

SHARES = st.floats(0.01, 0.999)
LINEAR, TREES = "a linear model", "gradient boosting"
MARGIN = 0.02


def evidence_of(qualities, plain, **fields) -> Evidence:
    records = study({"AdamW": qualities, "SGD": qualities[:1]})
    yardsticks = tuple(
        Yardstick(model=model, quality=quality, seconds=0.2)
        for model, quality in zip((LINEAR, TREES), plain, strict=False)
    )
    return Evidence(records=records, yardsticks=yardsticks, baseline=0.5, **fields)


def case_of(evidence: Evidence) -> Case:
    return Case(evidence=evidence, answer=recommend(evidence), ask=recommend)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(evidences())
def test_every_sentence_on_plain_models_is_true_of_the_study(evidence):
    case = made_case(evidence)
    assume(case is not None)
    statements = yardstick_reasons(evidence, case.answer.quality, case.answer.margin)

    assert bool(statements) == bool(evidence.yardsticks)
    for statement in statements:
        assert statement.holds(case), statement
        assert str(statement)[0].isupper()
        assert str(statement).endswith(".")


@settings(deadline=None, max_examples=50)
@given(SHARES, SHARES, SHARES)
def test_a_plain_model_is_better_exactly_beyond_the_margin(advised, linear, trees):
    evidence = evidence_of([advised], [linear, trees], valid_rows=10**6)
    better = better_yardstick(evidence, advised, MARGIN)

    beyond = (1 - advised) / (1 - max(linear, trees)) > 1.0203
    within = (1 - advised) / (1 - max(linear, trees)) < 1.0201
    assert (better is not None) if beyond else (better is None or not within)


def test_a_better_plain_model_says_so_with_its_time():
    case = case_of(evidence_of([0.9, 0.917], [0.90, 0.959]))
    first = yardstick_reasons(case.evidence, case.answer.quality, case.answer.margin)[0]
    assert (
        str(first)
        == "Gradient boosting reaches accuracy 0.959 in 200 ms; no run here did (the best has 0.917)."
    )


def test_a_run_that_is_as_good_is_not_denied():
    case = case_of(evidence_of([0.8, 0.96], [0.95]))
    better = better_yardstick(case.evidence, 0.8, MARGIN)
    assert str(better) == "A linear model reaches accuracy 0.95 in 200 ms, the advised recipe 0.8."


def test_all_plain_models_stand_in_a_sentence():
    case = case_of(evidence_of([0.9, 0.95], [0.90, 0.93]))
    (sentence,) = yardstick_reasons(case.evidence, 0.95, MARGIN)
    assert str(sentence) == (
        "On the same rows a linear model reaches accuracy 0.9 in 200 ms, gradient boosting 0.93 in 200 ms "
        "and a constant answer 0.5; the advised recipe 0.95."
    )


def test_a_plain_model_that_was_left_out_says_why():
    evidence = evidence_of([0.9], [])
    evidence = replace(evidence, yardsticks=(Yardstick(model=TREES, left_out="it failed: boom"),))
    (sentence,) = yardstick_reasons(evidence, 0.9, MARGIN)

    assert str(sentence) == "Gradient boosting was left out as a yardstick: it failed: boom."
    assert sentence.holds(case_of(evidence))


def test_a_figure_that_is_not_the_records_does_not_hold():
    case = case_of(evidence_of([0.9], [0.95]))
    for statement in yardstick_reasons(case.evidence, case.answer.quality, case.answer.margin):
        assert not replace(statement, quality=0.123).holds(case)


@pytest.mark.parametrize("quality", [None, 0.9])
def test_an_earlier_study_says_nothing_of_plain_models(quality):
    assert yardstick_reasons(evidence_of([0.9], []), quality, MARGIN) == ()
