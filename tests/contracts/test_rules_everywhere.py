"""Rules on any facts: bounded, silent on what was not measured, blind to the order of candidates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.posterior import RULE_CLIP, TOTAL_CLIP, prior_log_odds
from advisor.decide.rulebook import apply_rules, optimizers_added_by_rules, rules
from advisor.evidence import Evidence
from advisor.jobs.planning import offered_optimizers
from advisor.jobs.request import Request
from studies.facts import Facts
from studies.limits import Limits
from studies.memory_forecast import Forecast

from any_evidence import NAMES, any_evidence, maybe
from records import record

MEASURED = tuple(f.name for f in fields(Facts) if f.default is None)


def test_the_strategy_knows_every_fact_that_may_be_unmeasured():
    assert set(maybe) == set(MEASURED)


@settings(max_examples=60, deadline=None)
@given(any_evidence)
def test_on_any_facts_what_a_rule_says_of_an_optimizer_stays_within_its_clip_and_reads_as_a_sentence(
    evidence,
):
    said = defaultdict(float)
    for finding in apply_rules(evidence):
        said[finding.rule, finding.subject] += finding.strength
        assert finding.subject in evidence.optimizers
        assert finding.because.isascii()
        assert "None" not in finding.because
        assert "nan" not in finding.because
    assert all(abs(strength) <= RULE_CLIP for strength in said.values())


@settings(max_examples=30, deadline=None)
@given(any_evidence, st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing_and_neither_does_asking_twice(evidence, random):
    shuffled = list(evidence.candidates)
    random.shuffle(shuffled)
    other = replace(evidence, candidates=tuple(shuffled))

    assert apply_rules(evidence) == apply_rules(evidence)
    assert set(apply_rules(other)) == set(apply_rules(evidence))
    assert set(optimizers_added_by_rules(other)) == set(optimizers_added_by_rules(evidence))


@settings(max_examples=30, deadline=None)
@given(any_evidence)
def test_all_rules_together_move_the_prior_no_further_than_its_clip(evidence):
    totals = prior_log_odds(evidence.facts, apply_rules(evidence), evidence.candidates)

    assert all(abs(total) <= TOTAL_CLIP for total in totals.values())


@pytest.mark.parametrize("name", MEASURED)
def test_a_fact_that_was_not_measured_leaves_the_rules_that_need_it_silent(name):
    speaking = [
        (rule, replace(hit, facts=replace(hit.facts, **{name: None})))
        for rule in rules().values()
        for hit in rule.hits
        if getattr(hit.facts, name) is not None
    ]

    assert not [finding for rule, unmeasured in speaking for finding in rule(unmeasured)]


def test_an_ordinary_table_with_plenty_of_trials_stirs_no_rule():
    assert not apply_rules(
        Evidence(
            candidates=tuple(name for name in NAMES if name not in {"LARS", "LAMB"}), planned_trials=1000
        )
    )


def test_whatever_is_named_in_a_table_of_strengths_is_an_optimizer():
    for rule in rules().values():
        for key, table in vars(type(rule)).items():
            if (
                isinstance(table, dict)
                and table
                and all(isinstance(value, float) for value in table.values())
            ):
                assert set(table) <= set(NAMES), (type(rule).__name__, key)


def test_sparse_words_are_judged_by_zeros_or_by_rows_and_never_by_both():
    words = Evidence(
        facts=Facts(input_density=0.01, embedding_share=0.9, rows_touched=0.02), candidates=("Adagrad", "SGD")
    )
    bag = replace(words, facts=Facts(input_density=0.01))
    padded = replace(words, facts=Facts(input_density=0.01, embedding_share=0.9, rows_touched=0.9))

    assert {finding.rule for finding in apply_rules(words)} == {"SparseRows"}
    assert {finding.rule for finding in apply_rules(bag)} == {"Sparsity"}
    assert not apply_rules(padded)


def test_two_classes_however_uneven_have_no_heavy_tail():
    rare = Evidence(facts=Facts(class_imbalance=1000.0, label_entropy=0.02), candidates=("AdamW", "SGD"))

    assert not apply_rules(rare)
    assert apply_rules(replace(rare, facts=replace(rare.facts, classes=150, label_entropy=0.7)))


def test_a_forecast_over_the_limit_says_at_what_batch_it_would_fit():
    forecast = Forecast(
        optimizer="AdamW",
        weight_bytes=1000,
        gradient_bytes=1000,
        state_bytes=2000,
        activation_bytes=6400,
        batch_size=64,
    )
    tight = Evidence(
        facts=Facts(forecasts=(forecast,), batch_size=64, smallest_batch=16),
        candidates=("AdamW",),
        limits=Limits(train_bytes=4000 + 3300),
    )
    hopeless = replace(tight, limits=Limits(train_bytes=4000 + 1599))
    (fits,), (breaks,) = (tuple(rules()["Memory"](evidence)) for evidence in (tight, hopeless))

    assert (fits.verdict, breaks.verdict) == ("avoid", "veto")
    assert "with 31 rows a batch it fits" in fits.because
    assert "even at the smallest batch, of 16" in breaks.because


@pytest.mark.parametrize(
    ("floats", "named"),
    [(0.3, {"Adafactor", "AdamW4bit"}), (0.7, {"AdamW8bit"}), (1.5, {"Muon"}), (2.0, set())],
)
def test_the_room_for_state_decides_who_is_sent_for(floats, named):
    forecast = Forecast(
        optimizer="SGD", weight_bytes=40_000, gradient_bytes=40_000, state_bytes=0, activation_bytes=0
    )
    limit = 80_000 + round(40_000 * floats)
    tight = Evidence(
        facts=Facts(forecasts=(forecast,), parameters=10_000),
        candidates=NAMES,
        limits=Limits(train_bytes=limit),
    )

    assert named <= set(optimizers_added_by_rules(tight))
    assert bool(named) == bool(optimizers_added_by_rules(tight))


@pytest.mark.parametrize(
    ("axis", "choice", "speaks"),
    [
        pytest.param("pruning", "Magnitude", True, id="pruned"),
        pytest.param("quantization", "QuantizationAware", True, id="rounded in training"),
        pytest.param("quantization", "PostTraining", False, id="rounded after it"),
        pytest.param("distillation", "none", False, id="none"),
    ],
)
def test_the_stage_is_read_off_recipes_that_all_agree(axis, choice, speaks):
    compressed = record(0, "AdamW", params={axis: choice})
    plain = record(1, "AdamW")

    assert bool(list(rules()["Compression"](Evidence(records=(compressed,))))) is speaks
    assert not list(rules()["Compression"](Evidence(records=(compressed, plain))))


def test_an_early_lead_is_told_until_two_optimizers_have_whole_runs():
    pruned = (record(0, "AdamW", 0.7, state="pruned"), record(1, "Muon", 0.8, state="pruned"))
    whole = (record(0, "AdamW", 0.7), record(1, "Muon", 0.8))
    (lead,) = rules()["EarlyLead"](Evidence(records=pruned))

    assert lead.subject == "Muon"
    assert lead.strength == 0
    assert not list(rules()["EarlyLead"](Evidence(records=whole)))


def test_a_slow_step_counts_against_an_optimizer_only_when_time_does():
    facts = Facts(step_seconds=1e-3, optimizer_share=0.5, optimizer_seconds={"AdamW": 5e-4, "SOAP": 5e-2})
    patient = Evidence(facts=facts, candidates=("AdamW", "SOAP"), goal="quality")
    (slow,), (hurried,) = (
        tuple(rules()["StepTime"](replace(patient, goal=goal))) for goal in ("quality", "speed")
    )

    assert (slow.verdict, slow.strength) == ("avoid", 0)
    assert hurried.strength == pytest.approx(-1.4)


def test_scales_a_decade_apart_count_half_of_two_decades():
    mild, full = (
        {
            finding.subject: finding.strength
            for finding in apply_rules(
                Evidence(facts=Facts(feature_scale_ratio=ratio), candidates=("AdamW", "Muon"))
            )
        }
        for ratio in (50.0, 500.0)
    )

    assert full == {name: 2 * strength for name, strength in mild.items()}
    assert full["Muon"] < 0 < full["AdamW"]


def test_on_text_attention_leaves_large_batches_to_the_base_rates():
    def said(kind, batch_size):
        facts = Facts(has_attention=True, kind=kind, batch_size=batch_size)
        return {
            finding.subject: finding.strength
            for finding in apply_rules(Evidence(facts=facts, candidates=("AdamW", "SGD")))
        }

    assert said("table", 64)["SGD"] < 0 < said("table", 64)["AdamW"]
    assert said("text", 64) == {}
    assert said("text", 4)["SGD"] > said("table", 4)["SGD"] > 0


def test_a_rule_sends_for_optimizers_that_are_not_offered_by_default():
    forecast = Forecast(
        optimizer="SGD", weight_bytes=40_000, gradient_bytes=40_000, state_bytes=0, activation_bytes=0
    )
    tight = Request(source="digits", limits=Limits(train_bytes=100_000))
    workload = Facts(forecasts=(forecast,), parameters=10_000)

    assert "Adafactor" in offered_optimizers(tight, workload)
    assert "Adafactor" not in offered_optimizers(replace(tight, rules=("StateBudget=off",)), workload)
    assert "Adafactor" not in offered_optimizers(Request(source="digits"), workload)
