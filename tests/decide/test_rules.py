"""Rules, found by their files, do what their examples and tables say; a new rule is tested with no edit."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest

from advisor.decide.rulebook import apply_rules, rules
from advisor.evidence import Evidence
from advisor.rules import Rule
from advisor.rules.convergence import times_to_common_target
from advisor.rules.memory import Memory
from studies.errors import BadValue
from studies.facts import Facts
from studies.limits import Limits

from records import facts, record, study

EACH = [pytest.param(rule, id=name) for name, rule in rules().items()]


@pytest.mark.parametrize("rule", EACH)
def test_a_rule_speaks_on_its_hits_and_keeps_silent_on_its_misses(rule):
    assert rule.hits
    assert rule.misses
    assert all(list(rule(example)) for example in rule.hits)
    assert not any(list(rule(example)) for example in rule.misses)


@pytest.mark.parametrize("rule", EACH)
def test_a_finding_names_its_rule_a_candidate_the_numbers_and_a_source(rule):
    for example in rule.hits:
        for finding in rule(example):
            assert finding.rule == type(rule).__name__
            assert finding.subject in example.optimizers
            assert any(character.isdigit() for character in finding.because)
            assert finding.because.isascii()
            assert finding.source


@pytest.mark.parametrize("rule", EACH)
def test_the_sign_of_a_strength_agrees_with_the_verdict(rule):
    signs = {"prefer": (0, 1), "avoid": (-1, 0), "veto": (0,), "note": (0,)}
    for example in rule.hits:
        for finding in rule(example):
            sign = (finding.strength > 0) - (finding.strength < 0)
            assert sign in signs[finding.verdict]
            assert abs(finding.strength) <= 1.5


@pytest.mark.parametrize("rule", EACH)
def test_a_rule_says_what_it_rests_on(rule):
    text = inspect.getdoc(type(rule)) or ""

    assert rule.grade in "ABCD"
    assert rule.source
    assert rule.when
    assert "Caveat:" in text
    assert "Reference:" in text


@pytest.mark.parametrize("rule", EACH)
def test_a_rule_says_the_same_twice_and_nothing_about_nobody(rule):
    for example in rule.hits:
        assert list(rule(example)) == list(rule(example))
        assert not list(rule(replace(example, candidates=(), records=())))


def test_every_file_of_the_folder_is_one_rule_of_that_name():
    assert {"Convergence", "Memory", "Sparsity"} < set(rules())
    for name, rule in rules().items():
        assert type(rule).__module__.rpartition(".")[2].replace("_", "") == name.lower()


def test_another_package_can_add_a_rule_and_only_a_rule(monkeypatch):
    class Point:
        name, value = "Extra", "extra:Extra"

        def __init__(self, thing):
            self.thing = thing

        def load(self):
            return self.thing

    class Extra(Memory):
        pass

    for thing, allowed in ((Extra, True), (dict, False)):
        rules.cache_clear()
        monkeypatch.setattr("advisor.decide.rulebook.entry_points", lambda group, thing=thing: [Point(thing)])
        if allowed:
            assert isinstance(rules()["Extra"], Rule)
        else:
            with pytest.raises(BadValue, match="is no rule"):
                rules()
    monkeypatch.undo()
    rules.cache_clear()


# ---------------------------------------------------------------- what is special to one rule


def test_sparse_inputs_favour_adagrad_and_speak_against_plain_descent():
    sparse = Evidence(facts=Facts(input_density=0.01), candidates=("AdamW", "Adagrad", "SGD"))
    strengths = {finding.subject: finding.strength for finding in apply_rules(sparse)}

    assert strengths["Adagrad"] > strengths["AdamW"] > 0 > strengths["SGD"]


def test_memory_vetoes_what_is_forecast_over_the_limit_by_the_byte():
    peak = facts().forecast("AdamW").peak_bytes
    tight = Evidence(facts=facts(), candidates=("AdamW", "SGD"), limits=Limits(train_bytes=peak - 1))
    roomy = replace(tight, limits=Limits(train_bytes=peak))

    assert [finding.subject for finding in apply_rules(tight) if finding.verdict == "veto"] == ["AdamW"]
    assert not [finding for finding in apply_rules(roomy) if finding.verdict == "veto"]


def test_memory_believes_a_measured_run_over_the_forecast():
    small_batch = record(0, "AdamW", peak_bytes=100_000)
    known = Evidence(
        facts=facts(), candidates=("AdamW",), records=(small_batch,), limits=Limits(train_bytes=120_000)
    )

    assert not [finding for finding in apply_rules(known) if finding.verdict == "veto"]


def test_what_a_cost_finding_says_is_never_counted_as_quality():
    near = Evidence(facts=facts(), candidates=("AdamW", "SGD"), limits=Limits(train_bytes=205_000))
    findings = {finding.subject: finding for finding in apply_rules(near)}

    assert (findings["AdamW"].verdict, findings["SGD"].verdict) == ("avoid", "prefer")
    assert findings["AdamW"].strength == findings["SGD"].strength == 0


def test_few_trials_are_those_made_or_planned_for_each():
    few = Evidence(candidates=("AdamW", "SGD"), records=study({"AdamW": [0.9] * 4, "SGD": [0.9] * 4}))
    many = replace(few, records=study({"AdamW": [0.9] * 5, "SGD": [0.9] * 5}))

    assert {finding.subject for finding in apply_rules(few)} == {"AdamW", "SGD"}
    assert not apply_rules(many)
    assert not apply_rules(Evidence(candidates=("AdamW", "SGD")))


def test_time_to_target_is_read_off_the_curves_of_whole_runs():
    slow, fast = (record(i, name, 0.9) for i, name in enumerate(("AdamW", "SGD")))
    slow = replace(slow, curve=tuple(replace(point, seconds=5 * point.seconds) for point in slow.curve))
    known = Evidence(
        candidates=("AdamW", "SGD"),
        records=(slow, fast),
        goal="speed",
        facts=Facts(steps=50_000),
        planned_trials=99,
    )
    target, arrivals = times_to_common_target(known)
    findings = {finding.subject: finding for finding in apply_rules(known)}

    assert target == pytest.approx(0.9)
    assert {arrival.optimizer: arrival.record.number for arrival in arrivals} == {"AdamW": 0, "SGD": 1}
    assert (findings["SGD"].verdict, findings["AdamW"].verdict) == ("prefer", "avoid")
    assert "5 times as long" in findings["AdamW"].because
    assert findings["SGD"].source == "measured on trials 0, 1"


@pytest.mark.parametrize(("direction", "reached"), [("maximize", 0.8), ("minimize", 0.9)])
def test_the_target_is_what_the_worst_optimizer_reaches(direction, reached):
    records = (record(0, "AdamW", 0.9, direction=direction), record(1, "SGD", 0.8, direction=direction))
    target, _ = times_to_common_target(Evidence(records=records, direction=direction))

    assert target == pytest.approx(reached)


def test_no_time_to_target_is_claimed_for_a_single_optimizer():
    assert times_to_common_target(Evidence(records=(record(0, "AdamW"), record(1, "AdamW")))) == (None, [])
