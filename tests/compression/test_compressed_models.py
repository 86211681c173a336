"""Compressed models as values: figures over seeds, the sentence, the name, the Pareto front."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.decide.compressed import compressed_models, pareto_front
from advisor.report.compression_names import in_words, sentence, split
from studies.direction import MAXIMIZE, MINIMIZE
from studies.record import Latency

from compressed_evidence import (
    BASE,
    BOTH,
    CONTROL,
    INT8,
    PLAIN,
    SMALL,
    TUNED,
    ZEROS,
    evidence_with,
    finalists,
    single_model,
)
from records import compressions, deployed, study


def test_runs_of_one_recipe_are_one_entry_with_its_change_seed_by_seed():
    model = single_model(evidence_with(SMALL))

    assert model.name == "int8 weight-only"
    assert model.seeds == (1000, 1001, 1002)
    assert model.sources == tuple(run.number for run in finalists("AdamW"))
    assert model.change == pytest.approx(-0.001)
    assert model.change_reach == pytest.approx(2.920 * 0.0005 / 3**0.5)
    assert model.size_ratio == pytest.approx(3.92, abs=0.01)
    assert model.speedup == pytest.approx(1.316, abs=0.01)
    assert model.runtime_speedup == pytest.approx(2)


def test_one_seed_states_no_reach_and_a_repeated_run_is_no_further_seed():
    source = finalists("AdamW")[0]
    runs = [deployed(50 + again, source, 0.97, done=INT8) for again in range(2)]
    model = single_model(evidence_with(records=(*BASE, *runs)))

    assert (model.seeds, model.trials, model.change_reach) == ((1000,), (50,), None)


def test_what_failed_or_has_no_footprint_is_passed_over():
    source = finalists("AdamW")[0]
    lost = deployed(50, source, None, done=INT8, state="infeasible")
    bare = replace(deployed(51, source, 0.97, done=INT8), footprint=None)

    assert compressed_models(evidence_with(records=(*BASE, lost, bare))) == ()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        pytest.param(
            SMALL,
            "int8 weight-only: 3.9 x smaller, -0.10 +- 0.08 points of accuracy, 1.3 x faster here",
            id="weights rounded",
        ),
        pytest.param(
            ZEROS,
            "80 % magnitude pruning: no smaller, 6.0 x smaller through gzip (its zeros pay only there), "
            "-0.4 +- 0.3 points of accuracy, as fast here",
            id="zeros pay only through gzip",
        ),
        pytest.param(
            ("AdamW", [0.0], {"done": INT8, "file_bytes": 10_000, "seconds": 1e-4}),
            "int8 weight-only: 4.0 x smaller, the same accuracy, 2.0 x slower here",
            id="slower is said",
        ),
        pytest.param(
            ("AdamW", [0.0], {"done": INT8, "file_bytes": 10_000, "seconds": 4.8e-5}),
            "int8 weight-only: 4.0 x smaller, the same accuracy, as fast here",
            id="less than the noise is no speed",
        ),
        pytest.param(
            ("AdamW", [0.002], {"done": TUNED | INT8, "file_bytes": 10_000}),
            "replay fine-tuning (share 0.3) + int8 weight-only: 4.0 x smaller, -0.2 points of accuracy, "
            "as fast here; how much of that is the further training is not known",
            id="no control",
        ),
        pytest.param(
            PLAIN,
            "uncompressed file: accuracy 0.98 (3 seeds), "
            "and the runtime alone makes it 2.0 x faster than torch",
            id="plain",
        ),
    ],
)
def test_a_sentence_says_size_quality_and_speed(made, said):
    assert sentence(single_model(evidence_with(made)), "accuracy", MAXIMIZE) == said


def test_a_metric_that_is_no_share_is_told_in_its_own_units():
    base = study({"AdamW": [2.0, 1.8]}, confirmed={"AdamW": [1.81, 1.79]}, direction="minimize")
    runs = compressions(
        9, finalists("AdamW", base), loss=[0.09, 0.11], direction="minimize", done=INT8, file_bytes=10_000
    )
    evidence = evidence_with(records=(*base, *runs), metric="rmse", direction="minimize")

    assert sentence(single_model(evidence), "rmse", MINIMIZE) == (
        "int8 weight-only: 4.0 x smaller, rmse +0.10 +- 0.06 (6 % worse), as fast here"
    )


def test_seeds_that_disagree_on_the_speed_make_no_claim():
    pair = finalists("AdamW")[:2]
    runs = [
        deployed(50 + at, source, 0.98, done=INT8, seconds=seconds)
        for at, (source, seconds) in enumerate(zip(pair, (3e-5, 5.5e-5), strict=True))
    ]

    assert single_model(evidence_with(records=(*BASE, *runs))).pace == "as fast"


def test_a_larger_batch_that_gains_otherwise_is_told_apart():
    timed = (
        Latency(batch=1, median_seconds=5e-5, p90_seconds=6e-5, reference_seconds=5e-5),
        Latency(batch=64, median_seconds=1e-4, p90_seconds=2e-4, reference_seconds=3e-4),
    )
    model = single_model(evidence_with(("AdamW", [0.0], {"done": INT8, "prints": {"latencies": timed}})))

    assert "as fast here (3.0 x faster at 64 rows a pass)" in sentence(model, "accuracy", MAXIMIZE)


def test_a_fine_tuned_model_is_held_against_its_control():
    both = next(
        model
        for model in compressed_models(evidence_with(BOTH, CONTROL))
        if model.finetuned and not model.control
    )
    control = next(model for model in compressed_models(evidence_with(BOTH, CONTROL)) if model.control)

    assert both.control_trials == control.trials
    assert both.control_change == pytest.approx(-0.0205)
    assert sentence(both, "accuracy", MAXIMIZE).endswith(
        "; against the same fine-tuning and nothing else -2.1 points of accuracy"
    )


def test_another_model_than_the_trained_one_is_a_student_and_no_pruned_one():
    source = finalists("AdamW")[0]
    run = deployed(
        50,
        source,
        0.97,
        done={"model": "MLP", "model.MLP.width": 8, "distillation": "SoftTargets"},
        file_bytes=4000,
    )
    model = single_model(evidence_with(records=(*BASE, run)))

    assert model.name == "MLP student (width 8) + soft targets distillation"
    assert not model.plain
    assert not model.zeros_only


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"pruning": "Magnitude", "pruning.Magnitude.amount": 0.8, "quantization": "StaticInt8"},
            "80 % magnitude pruning + static int8",
        ),
        (
            {"quantization": "Grouped", "quantization.Grouped.bits": 4, "quantization.Grouped.block": 32},
            "4-bit grouped quantization (block 32)",
        ),
        ({"pruning": "mine.py:L1Pruning"}, "l1 pruning"),
        ({"quantization": "QAT", "quantization.QAT.bits": 2}, "2-bit QAT quantization"),
        ({}, "uncompressed file"),
    ],
)
def test_a_recipe_is_named_from_the_names_and_fields_of_its_choices(params, words):
    assert in_words(params).lower() == words.lower()


def test_names_split_into_words():
    names = ("Int8WeightOnly", "StaticInt8", "Float16", "QAT", "FP16")
    assert [split(name) for name in names] == ["int8 weight-only", "static int8", "float16", "QAT", "FP16"]


def test_zeros_stay_on_the_front_for_their_gzip_bytes_and_worse_copies_do_not():
    worse = ("AdamW", [0.01], {"done": {"quantization": "Int8"}, "file_bytes": 10_200, "seconds": 3.8e-5})
    names = [
        model.name
        for model in pareto_front(compressed_models(evidence_with(PLAIN, SMALL, ZEROS, worse)), MAXIMIZE)
    ]

    assert names == ["uncompressed file", "int8 weight-only", "80 % magnitude pruning"]
