"""What is advised of compressed models, and what never follows from them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.decide.compressed import compressed_models, pareto_front
from advisor.decide.feasible import feasible_recipes
from advisor.decide.posterior import beliefs
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence
from advisor.report.compression_names import in_words, sentence, split
from advisor.rules.compression import stage_of
from advisor.rules.survives_compression import SurvivesCompression
from studies.direction import MAXIMIZE, MINIMIZE
from studies.errors import NothingFeasible
from studies.limits import Limits
from studies.pareto import dominates
from studies.quantities import parse_bytes
from studies.record import Latency

from records import compressions, deployed, facts, record, study

INT8 = {"quantization": "Int8WeightOnly"}
HALF = {"quantization": "Grouped", "quantization.Grouped.bits": 4}
PRUNED = {"pruning": "Magnitude", "pruning.Magnitude.amount": 0.8}
TUNED = {"finetuning": "Replay", "finetuning.Replay.share": 0.3}
BASE = study(
    {"AdamW": [0.95, 0.97, 0.98, 0.96], "Momentum": [0.93, 0.96, 0.965, 0.95]},
    confirmed={"AdamW": [0.981, 0.979, 0.98], "Momentum": [0.961, 0.963, 0.962]},
)
MODEL = 40_000


def finalists(optimizer, records=BASE):
    return [run for run in records if run.stage == "confirm" and run.optimizer == optimizer]


def evidence_with(*made, records=BASE, **fields):
    """Return evidence of the base study and what was compressed; each `made` is (optimizer, losses, how)."""
    records = tuple(records)
    for optimizer, loss, how in made:
        records += compressions(len(records), finalists(optimizer, records), loss=loss, **how)
    known = {"facts": facts(), "candidates": ("AdamW", "Momentum"), "valid_rows": 360, "study": "demo"}
    return Evidence(**known | {"records": records, "resume": "advisor resume demo --budget 20m"} | fields)


PLAIN = ("AdamW", [0.0], {})
SMALL = ("AdamW", [0.001, 0.0005, 0.0015], {"done": INT8, "file_bytes": 10_200, "seconds": 3.8e-5})
ZEROS = ("AdamW", [0.004, 0.003, 0.006], {"done": PRUNED, "compressed_bytes": 6000})
BOTH = (
    "AdamW",
    [0.02, 0.021, 0.019],
    {"done": PRUNED | INT8 | TUNED, "file_bytes": 10_250, "compressed_bytes": 2300},
)
CONTROL = ("AdamW", [-0.001, -0.0005, 0.0], {"done": TUNED})
RIVAL = ("Momentum", [0.001], {"done": INT8, "file_bytes": 10_200, "seconds": 3.8e-5})


def single_model(evidence):
    (model,) = compressed_models(evidence)
    return model


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


def test_without_limits_the_smallest_within_the_margin_is_advised_and_the_recipe_stays_as_trained():
    advice = recommend(evidence_with(PLAIN, SMALL, ZEROS, BOTH, CONTROL))

    assert advice.compression.name == "int8 weight-only"
    assert advice.params == BASE[2].params
    assert advice.quality == pytest.approx(0.98)


def test_where_nothing_is_within_the_margin_the_uncompressed_file_is_advised():
    advice = recommend(evidence_with(PLAIN, ("AdamW", [0.05], {"done": INT8, "file_bytes": 10_000})))

    assert advice.compression.plain
    assert "- Deploy its model as it is: uncompressed file" in str(advice)


def test_for_speed_the_fastest_within_the_margin_is_advised():
    quick = ("AdamW", [0.0005], {"done": {"pruning": "Channels"}, "file_bytes": 20_000, "seconds": 1e-5})

    assert recommend(evidence_with(PLAIN, SMALL, quick)).compression.name == "int8 weight-only"
    assert recommend(evidence_with(PLAIN, SMALL, quick, goal="speed")).compression.name == "channels pruning"


def test_a_limit_that_only_a_compressed_model_fits_is_met_by_it_and_the_reasons_say_so():
    advice = recommend(evidence_with(PLAIN, SMALL, BOTH, RIVAL, limits=Limits(model_bytes=20_000)))

    assert advice.optimizer == "AdamW"
    assert advice.params["quantization"] == "Int8WeightOnly"
    assert advice.quality == pytest.approx(0.979)
    assert advice.costs["model_bytes"] == 10_200
    assert advice.costs["latency_seconds"] == pytest.approx(3.8e-5)
    assert advice.costs["peak_bytes"] == recommend(evidence_with()).costs["peak_bytes"]
    assert advice.compression.params == advice.params
    assert advice.label != "decided"
    assert any(
        reason.startswith(
            "Its best recipe fits the 19.5 KiB limit on model size only compressed: "
            "int8 weight-only: 3.9 x smaller"
        )
        for reason in advice.reasons
    )
    assert "int8 weight-only" in advice.headline
    assert any(
        "(--model-size, now 19.5 KiB): the uncompressed model instead, 0.1 points more" in change
        for change in advice.would_change
    )


def test_fine_tuning_counts_in_the_training_time_and_its_limit():
    slow = ("AdamW", [0.001], {"done": INT8 | TUNED, "file_bytes": 10_000, "train_seconds": 5.0})
    advice = recommend(evidence_with(slow, limits=Limits(model_bytes=20_000)))

    assert advice.costs["train_seconds"] == pytest.approx(1.8 + 5.0)
    with pytest.raises(NothingFeasible):
        recommend(evidence_with(slow, limits=Limits(model_bytes=20_000, train_seconds=4.0)))


def test_when_nothing_fits_the_message_counts_what_was_compressed():
    with pytest.raises(NothingFeasible) as raised:
        recommend(evidence_with(SMALL, limits=Limits(model_bytes=8_000)))

    assert str(raised.value) == (
        "no optimizer fits the limits; nearest is AdamW with int8 weight-only (trials 14-16): "
        "9.96 KiB of model size (limit 7.81 KiB). Raise --model-size to 10.5 KiB"
    )


def test_when_nothing_was_compressed_the_way_is_named():
    limits = Limits(model_bytes=20_000)
    with pytest.raises(
        NothingFeasible, match=r"making its model small may do instead \(advisor compress demo\)"
    ):
        recommend(evidence_with(limits=limits))
    with pytest.raises(NothingFeasible, match=r"\(advisor compress demo --home x\)"):
        recommend(evidence_with(limits=limits, compress="advisor compress demo --home x"))
    with pytest.raises(NothingFeasible) as raised:
        recommend(evidence_with(limits=limits, study="runs", resume=""))
    assert "advisor compress" not in str(raised.value)
    with pytest.raises(NothingFeasible) as raised:
        recommend(evidence_with(limits=Limits(train_bytes=10)))
    assert "advisor compress" not in str(raised.value)


def test_where_a_worse_recipe_is_advised_for_its_size_compression_is_pointed_at():
    light = record(20, "AdamW", 0.9, model_bytes=5_000)
    limits = Limits(model_bytes=20_000)
    advice = recommend(evidence_with(records=(*BASE, light), limits=limits))
    runs = compressions(30, finalists("AdamW"), loss=[0.001], done=INT8, file_bytes=10_000)

    assert advice.params == light.params
    assert (
        "Its best recipe (trial 2, accuracy 0.98) breaks a limit on the model; "
        "compressed it may fit (advisor compress demo)." in advice.reasons
    )
    assert recommend(evidence_with(records=(*BASE, light, *runs), limits=limits)).quality == pytest.approx(
        0.979
    )


def test_a_latency_that_the_runtime_alone_meets_asks_for_no_compression():
    advice = recommend(evidence_with(PLAIN, SMALL, limits=Limits(latency_seconds=6e-5)))

    assert advice.compression.plain
    assert advice.params["quantization"] == "none"
    assert advice.reasons[0].startswith(
        "Deployed, its model reached accuracy 0.98 on validation (mean of 3 seeds"
    )
    assert (
        "Its best recipe fits the 60 us limit on latency only as the deployed file: uncompressed file"
        in advice.reasons[1]
    )


def test_compressed_records_are_neither_search_trials_nor_confirmations():
    without, within = evidence_with(), evidence_with(PLAIN, SMALL, ZEROS, CONTROL, RIVAL)
    plain, small = recommend(without), recommend(within)

    assert small.contenders == plain.contenders
    assert (small.label, small.margin, small.params, small.costs) == (
        plain.label,
        plain.margin,
        plain.params,
        plain.costs,
    )
    assert stage_of(within) == "train"
    assert all(within.complete(name) == without.complete(name) for name in within.optimizers)
    known = {check.name: check for check in small.checklist}
    assert [known[check.name] for check in plain.checklist] == list(plain.checklist)


def test_the_checklist_asks_for_the_control_and_for_seeds():
    source = finalists("AdamW")[:1]
    runs = compressions(50, source, loss=[0.0], done=INT8 | TUNED, file_bytes=10_000)
    checks = {check.name: check for check in recommend(evidence_with(records=(*BASE, *runs))).checklist}

    assert not checks["fine-tuning control"].passed
    assert not checks["compression seeds"].passed
    assert checks["compression seeds"].command == "advisor compress demo"
    fine = {
        check.name: check.passed for check in recommend(evidence_with(PLAIN, SMALL, BOTH, CONTROL)).checklist
    }
    assert fine["fine-tuning control"]
    assert fine["compression seeds"]


def test_the_rule_tells_what_one_pass_costs_each_and_who_leads_after_it():
    findings = list(SurvivesCompression()(evidence_with(SMALL, RIVAL)))
    lost = list(SurvivesCompression()(evidence_with(("AdamW", [0.05], {"done": INT8}), RIVAL)))

    assert [finding.because for finding in findings] == [
        f"int8 weight-only takes the model of {told_of} (-0.1 points of accuracy; 3 seeds, {runs}); "
        "AdamW leads before and after it, so its lead survives compression"
        for told_of, runs in (
            ("AdamW from accuracy 0.98 to 0.979", "trials 14-16"),
            ("Momentum from accuracy 0.962 to 0.961", "trials 17-19"),
        )
    ]
    assert lost[0].because.endswith(
        "AdamW leads before it and Momentum after it, so that lead does not survive compression"
    )
    assert all(finding.verdict == "note" and finding.strength == 0 for finding in (*findings, *lost))


def test_the_page_has_a_section_within_a_hundred_columns():
    advice = recommend(
        evidence_with(
            PLAIN,
            SMALL,
            ZEROS,
            BOTH,
            CONTROL,
            (
                "AdamW",
                [0.001],
                {
                    "done": HALF | TUNED,
                    "file_bytes": 8000,
                    "prints": {"notes": ("the head was left as it is",)},
                },
            ),
        )
    )
    text, page = str(advice), advice.to_markdown()

    assert "\n\nCompression\n- Deploy its model with " in text
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "- Left untreated: the head was left as it is." in text
    assert "## Compression" in page
    assert "| recipe | file | through gzip | one row | quality | change |" in page
    assert "\nCompression\n" not in str(recommend(evidence_with()))


def test_the_page_stays_as_narrow_for_two_optimizers_and_a_metric_in_its_own_units():
    base = study(
        {"AdamW": [2.0, 1.8], "Momentum": [2.1, 1.9]},
        confirmed={"AdamW": [1.81, 1.79], "Momentum": [1.91, 1.89]},
        direction="minimize",
    )
    runs = ()
    for at, optimizer in enumerate(("AdamW", "Momentum")):
        for loss, how in (([0.09, 0.11], INT8), ([-0.3, -0.1], PRUNED | HALF | TUNED)):
            made = finalists(optimizer, base)
            size = 10_000 - 3000 * at - 500 * len(how)
            runs += compressions(
                30 + len(runs), made, loss=loss, direction="minimize", done=how, file_bytes=size
            )
    advice = recommend(evidence_with(records=(*base, *runs), metric="rmse", direction="minimize"))

    assert len({model.optimizer for model in advice.compressed}) == 2
    assert all(len(line) <= 100 for line in str(advice).splitlines())
    assert "Momentum: 80 % magnitude" in str(advice)


def test_one_seed_of_a_compressed_model_decides_nothing():
    run = deployed(50, finalists("AdamW")[0], 0.99, done=INT8, file_bytes=10_000)
    advice = recommend(evidence_with(records=(*BASE, run), limits=Limits(model_bytes=20_000)))

    assert advice.params["quantization"] == "Int8WeightOnly"
    assert advice.label != "decided"
    assert advice.interval is None


def test_it_goes_through_json_and_back():
    advice = recommend(evidence_with(PLAIN, SMALL, BOTH, CONTROL, RIVAL))
    back = json.loads(json.dumps(advice.to_dict(), allow_nan=False))

    assert back["compression"]["name"] == "int8 weight-only"
    assert [model["name"] for model in back["compressed"]] == [model.name for model in advice.compressed]
    assert json.loads(json.dumps(recommend(evidence_with()).to_dict()))["compression"] is None


BYTES = st.sampled_from([5_000, 9_000, 15_000, 25_000, 40_000])
SECONDS = st.sampled_from([1e-5, 3e-5, 5e-5, 2e-4])
MADE = st.tuples(
    st.sampled_from(["Int8", "Float16", "Grouped", "Static"]),
    st.floats(-0.01, 0.3),
    BYTES,
    BYTES,
    SECONDS,
    st.integers(1, 3),
)


@st.composite
def compressed_studies(draw, *, optimizers=("AdamW", "Momentum")):
    records = BASE
    for optimizer in optimizers:
        for name, loss, file_bytes, zipped, seconds, seeds in draw(
            st.lists(MADE, max_size=4, unique_by=lambda way: way[0])
        ):
            sources = finalists(optimizer)[:seeds]
            records += compressions(
                len(records),
                sources,
                loss=[round(loss, 3)],
                done={"quantization": name},
                file_bytes=file_bytes,
                compressed_bytes=zipped,
                seconds=seconds,
            )
    return evidence_with(records=records, goal="quality")


LIMITS = st.builds(
    Limits,
    model_bytes=st.none() | st.sampled_from([6_000, 20_000, 50_000]),
    latency_seconds=st.none() | st.sampled_from([2e-5, 6e-5, 3e-4]),
)


@given(compressed_studies(), LIMITS)
@settings(max_examples=60, deadline=None)
def test_no_limit_is_ever_broken_by_a_known_cost(evidence, limits):
    try:
        advice = recommend(replace(evidence, limits=limits))
    except NothingFeasible:
        return

    assert not limits.exceeded(advice.costs)
    point = advice.compression
    if point and (limits.model_bytes or limits.latency_seconds):
        assert limits.model_bytes is None or point.model_bytes <= limits.model_bytes
        assert limits.latency_seconds is None or point.latency_seconds <= limits.latency_seconds


@given(compressed_studies(), st.integers(4_000, 60_000), st.integers(4_000, 60_000))
@settings(max_examples=60, deadline=None)
def test_a_looser_limit_never_makes_an_optimizer_give_more_away(evidence, first, second):
    summary = TrialSummary.of(evidence, beliefs(evidence, apply_rules(evidence)).estimates)
    by_limit = []
    for limit in sorted((first, second)):
        try:
            limited = replace(evidence, limits=Limits(model_bytes=limit))
            by_limit.append(feasible_recipes(limited, summary, apply_rules(evidence))[0])
        except NothingFeasible:
            by_limit.append({})
    tight, loose = by_limit

    assert set(tight) <= set(loose)
    assert all(loose[name].given_away <= tight[name].given_away for name in tight)


@given(compressed_studies(optimizers=("AdamW",)), st.integers(4_000, 60_000), st.integers(4_000, 60_000))
@settings(max_examples=60, deadline=None)
def test_a_looser_limit_never_worsens_the_advised_quality(evidence, first, second):
    tight, loose = sorted((first, second))
    alone = replace(
        evidence,
        candidates=("AdamW",),
        records=tuple(record for record in evidence.records if record.optimizer == "AdamW"),
    )
    try:
        small = recommend(replace(alone, limits=Limits(model_bytes=tight))).compression
    except NothingFeasible:
        return
    large = recommend(replace(alone, limits=Limits(model_bytes=loose))).compression

    assert small is None or large.quality >= small.quality - 1e-12


@given(compressed_studies(), st.data())
@settings(max_examples=40, deadline=None)
def test_what_another_beats_in_everything_changes_nothing(evidence, data):
    made = compressed_models(evidence)
    assume(made)
    best = data.draw(st.sampled_from(made))
    sources = [record for record in evidence.records if record.number in best.sources]
    worse = compressions(
        len(evidence.records),
        sources,
        loss=[best.reference_quality - best.quality + 0.01],
        done={"quantization": "Worse"},
        file_bytes=2 * best.model_bytes,
        compressed_bytes=2 * best.compressed_bytes,
        seconds=2 * best.latency_seconds,
    )
    limits = data.draw(LIMITS)
    try:
        before = recommend(replace(evidence, limits=limits))
    except NothingFeasible:
        return
    after = recommend(replace(evidence, limits=limits, records=(*evidence.records, *worse)))

    assert (after.optimizer, after.params, after.compressed, after.compression) == (
        before.optimizer,
        before.params,
        before.compressed,
        before.compression,
    )


@given(compressed_studies(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_records_changes_nothing(evidence, chance):
    records = list(evidence.records)
    chance.shuffle(records)

    assert recommend(replace(evidence, records=tuple(records))) == recommend(evidence)


@given(compressed_studies())
@settings(max_examples=30, deadline=None)
def test_nothing_on_the_front_is_beaten_in_all_four(evidence):
    front = pareto_front(compressed_models(evidence), MAXIMIZE)
    figures = [
        (-model.quality, model.model_bytes, model.compressed_bytes, model.latency_seconds) for model in front
    ]

    assert not any(dominates(left, right) for left in figures for right in figures)


@given(compressed_studies(), st.integers(1_000, 9_000))
@settings(max_examples=30, deadline=None)
def test_a_limit_raised_as_the_message_says_is_met(evidence, limit):
    try:
        recommend(replace(evidence, limits=Limits(model_bytes=limit)))
    except NothingFeasible as error:
        size = str(error).partition("Raise --model-size to ")[2].partition(";")[0]
    else:
        return

    assert recommend(replace(evidence, limits=Limits(model_bytes=parse_bytes(size))))
