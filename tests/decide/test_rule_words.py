"""Words of the rules: singular where it is one, no number beside a threshold that it equals, true on ties."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.rulebook import apply_rules, readings, rules
from advisor.evidence import Evidence
from advisor.report.numbers import percent, share_beside
from studies.facts import Facts
from studies.record import Footprint

from any_evidence import any_evidence
from records import record, study

NOUNS = (
    "trial",
    "seed",
    "row",
    "step",
    "epoch",
    "optimizer",
    "column",
    "class",
    "parameter",
    "weight",
    "run",
)
ONE_OF_MANY = re.compile(rf"(?<![\d.,])1 ({'|'.join(NOUNS)})e?s\b")
"""A single thing in the plural."""
OF_MEMORY = {"Memory", "StateBudget"}


@settings(max_examples=100, deadline=None)
@given(any_evidence)
def test_one_thing_is_written_in_the_singular(evidence):
    words = [finding.because for finding in apply_rules(evidence) if finding.rule not in OF_MEMORY]

    assert not [text for text in [*words, *map(str, readings(evidence))] if ONE_OF_MANY.search(text)]


@pytest.mark.parametrize(
    ("facts", "planned"),
    [
        (Facts(batch_size=1, noise_scale=1e6, has_attention=True, steps=1, horizon_known=False), 2),
        (Facts(rows=1, parameters=1, is_linear=True, full_batch_seconds=1e-3, pretrained=True), 2),
    ],
)
def test_a_study_of_one_row_and_one_trial_an_optimizer_is_told_of_in_the_singular(facts, planned):
    names = ("AdamW", "LBFGS") if facts.is_linear else ("SGD", "ScheduleFreeAdamW")
    evidence = Evidence(facts=facts, candidates=names, planned_trials=planned, goal="speed")
    words = [finding.because for finding in apply_rules(evidence)]

    assert any(re.search(r"\b1 (trial|row|step|parameter)\b", text) for text in words)
    assert not [text for text in words if ONE_OF_MANY.search(text)]


@given(st.floats(0, 1), st.sampled_from([0.1, 0.2, 0.5]))
def test_a_share_beside_a_threshold_is_told_from_it(share, threshold):
    if share != threshold:
        assert share_beside(share, threshold) != percent(threshold)


def test_optimizers_that_arrive_together_are_not_called_first_and_second():
    records = tuple(record(number, name, 0.9) for number, name in enumerate(("AdamW", "SGD")))
    together = Evidence(records=records, goal="speed", facts=Facts(steps=50_000), planned_trials=99)
    first, second = apply_rules(together)

    assert (first.verdict, second.verdict) == ("note", "note")
    assert "is among the first to" in first.because
    assert "about as fast" in second.because


def test_runs_without_times_say_nothing_of_speed():
    records = tuple(record(number, name, 0.9) for number, name in enumerate(("AdamW", "SGD")))
    untimed = tuple(
        replace(run, curve=tuple(replace(point, seconds=0.0) for point in run.curve)) for run in records
    )
    evidence = Evidence(records=untimed, goal="speed", facts=Facts(steps=50_000), planned_trials=99)

    assert not apply_rules(evidence)


def test_a_common_target_is_of_those_with_whole_runs_alone():
    records = study({"AdamW": [0.9] * 5, "SGD": [0.8] * 5, "Nesterov": [0.85] * 5})
    unfinished = record(99, "Muon", 0.95, state="pruned")
    evidence = Evidence(records=(*records, unfinished), goal="speed", facts=Facts(steps=50_000))
    words = [finding.because for finding in rules()["Convergence"](replace(evidence, planned_trials=99))]

    assert any("which all 3 with whole runs reach" in text for text in words)


def small(number, optimizer, before, after):
    footprint = Footprint(
        file_bytes=10,
        compressed_bytes=9,
        reference_bytes=40,
        reference_compressed_bytes=36,
        parameters=10,
        reference_parameters=10,
        reference_quality=before,
        agreement=0.9,
        latencies=(),
    )
    done = {"quantization": "Int8"}
    return record(number, optimizer, after, stage="compress", params=done, footprint=footprint, source=0)


@pytest.mark.parametrize(
    ("qualities", "says"),
    [
        (((0.9, 0.8), (0.9, 0.8)), "AdamW and SGD are level before and after it, so none leads"),
        (((0.9, 0.8), (0.9, 0.7)), "AdamW and SGD are level before it and AdamW leads after it"),
        (((0.9, 0.8), (0.8, 0.7)), "AdamW leads before and after it, so its lead survives"),
        (((0.9, 0.7), (0.8, 0.8)), "AdamW leads before it and SGD after it, so that lead does not"),
    ],
)
def test_level_models_have_no_leader(qualities, says):
    runs = [small(number, name, *qualities[number]) for number, name in enumerate(("AdamW", "SGD"))]
    findings = list(rules()["SurvivesCompression"](Evidence(records=tuple(runs))))

    assert findings
    assert all(says in finding.because for finding in findings)


def test_the_optimizer_that_trained_the_weights_is_favoured_for_that_and_nothing_else():
    pretrained = Evidence(facts=Facts(pretrained=True), candidates=("AdamW", "Muon"), trained_by="Muon")
    (finding,) = rules()["FineTuning"](pretrained)

    assert finding.subject == "Muon"
    assert "most published" not in finding.because
