"""Readings: sparsity, memory and convergence say what they looked at, silent or not, and it is true."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules, readings
from advisor.evidence import Evidence
from advisor.statements.statement import Case
from studies.errors import NothingFeasible
from studies.facts import Facts
from studies.limits import Limits

from any_evidence import any_evidence
from records import facts

THREE = ("Convergence", "Memory", "Sparsity")


def case_of(evidence):
    return Case(evidence=evidence, answer=recommend(evidence), ask=recommend)


@settings(max_examples=30, deadline=None)
@given(any_evidence)
def test_every_reading_holds_and_a_rule_speaks_only_beyond_a_threshold(evidence):
    try:
        case = case_of(evidence)
    except NothingFeasible:
        return
    looked_at = readings(evidence)

    assert [reading.rule for reading in looked_at] == list(THREE)
    assert all(reading.holds(case) for reading in looked_at)
    for reading in looked_at:
        assert reading.spoke == any(finding.rule == reading.rule for finding in case.answer.findings)
        assert reading.spoke <= any(criterion.crossed for criterion in reading.criteria)


def test_a_reading_with_another_figure_or_verdict_does_not_hold():
    evidence = Evidence(facts=facts(), candidates=("AdamW", "SGD"), planned_trials=40)
    case = case_of(evidence)
    for reading in readings(evidence):
        first, *others = reading.criteria
        wrong = replace(first, value=(first.value or 0) + 1)
        assert reading.holds(case)
        assert not replace(reading, criteria=(wrong, *others)).holds(case)
        assert not replace(reading, subjects=("AdamW",)).holds(case)


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (
            Evidence(facts=Facts(raw_density=0.51), candidates=("AdamW",)),
            "non-zero as they came; 100 % as the model reads them (speaks below 10 %)",
        ),
        (
            Evidence(facts=Facts(raw_density=0.03, input_density=0.03), candidates=("AdamW", "SGD")),
            "Sparsity speaks of AdamW and SGD: 3 % of the inputs are non-zero as they came; 3 % as the model",
        ),
        (Evidence(candidates=("AdamW",)), "Sparsity is silent: an unknown share of the inputs are non-zero"),
        (
            Evidence(facts=Facts(input_density=0.03), candidates=("RMSprop",)),
            "it has nothing to say of these optimizers",
        ),
        (
            Evidence(candidates=("AdamW", "SGD"), planned_trials=2),
            "Convergence speaks of AdamW and SGD: 1 trial an optimizer (speaks below 5)",
        ),
        (
            Evidence(candidates=("AdamW",), planned_trials=40),
            "silent: 40 trials an optimizer (speaks below 5); 3,000 steps a run, judged under the goal",
        ),
        (
            Evidence(facts=facts(), candidates=("AdamW", "SGD")),
            "Memory is silent: a forecast peak of up to 195 KiB and no memory limit",
        ),
        (
            Evidence(facts=facts(), candidates=("AdamW", "SGD"), limits=Limits(train_bytes=400_000)),
            (
                "Memory is silent: a forecast peak of up to 195 KiB is 50 % of the limit of 400 KB "
                "(speaks above 80 %)"
            ),
        ),
    ],
)
def test_a_reading_says_the_figure_the_threshold_and_whether_the_rule_spoke(evidence, says):
    assert any(says in str(reading) for reading in readings(evidence)), [*map(str, readings(evidence))]


def test_a_reading_is_plain_values_in_json():
    for reading in readings(Evidence(facts=facts(), candidates=("AdamW",))):
        plain = json.loads(json.dumps(reading.to_dict()))
        assert plain["kind"] == "rule_reading"
        assert plain["figures"]["spoke"] is False
        assert plain["figures"]["criteria"][0]["words"] in plain["says"]


def test_a_rule_that_is_switched_off_reads_nothing():
    evidence = Evidence(candidates=("AdamW",), rules=("Sparsity=off",))

    assert [reading.rule for reading in readings(evidence)] == ["Convergence", "Memory"]


def test_readings_change_nothing_in_what_rules_find():
    evidence = Evidence(facts=facts(input_density=0.02), candidates=("AdamW", "SGD"))
    before = apply_rules(evidence)
    readings(evidence)

    assert apply_rules(evidence) == before
