"""Advice on compressed models: what is advised, the reasons, the page, JSON."""

from __future__ import annotations

import json

import pytest

from advisor.decide.recommend import recommend
from advisor.rules.compression import stage_of
from advisor.rules.survives_compression import SurvivesCompression
from studies.errors import NothingFeasible
from studies.limits import Limits

from compressed_evidence import (
    BASE,
    BOTH,
    CONTROL,
    HALF,
    INT8,
    PLAIN,
    PRUNED,
    RIVAL,
    SMALL,
    TUNED,
    ZEROS,
    evidence_with,
    finalists,
)
from records import compressions, deployed, record, study


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
        str(reason).startswith(
            "As trained, its model breaks the 20 KB limit on model size; compressed it fits: "
            "int8 weight-only: 3.9 x smaller"
        )
        for reason in advice.reasons
    )
    assert "int8 weight-only" in str(advice.headline)
    assert any(
        "(--model-size, now 20 KB): the uncompressed model instead" in str(change)
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
        "9.96 KiB of model size (limit 8 KB). Raise --model-size to 10.5 KiB"
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
        "Its best recipe (trial 2, accuracy 0.98) breaks the 20 KB limit on model size; "
        "compressed it may fit (advisor compress demo)." in map(str, advice.reasons)
    )
    assert recommend(evidence_with(records=(*BASE, light, *runs), limits=limits)).quality == pytest.approx(
        0.979
    )


def test_a_latency_that_the_runtime_alone_meets_asks_for_no_compression():
    advice = recommend(evidence_with(PLAIN, SMALL, limits=Limits(latency_seconds=6e-5)))

    assert advice.compression.plain
    assert advice.params["quantization"] == "none"
    assert str(advice.reasons[0]).startswith(
        "Deployed, its model reached accuracy 0.98 on validation (mean of 3 seeds"
    )
    assert "As trained, its model breaks the 60 us limit on latency; as the deployed file it fits: " in str(
        advice.reasons[1]
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
    of_training = [check for check in plain.checklist if check.name != "failed trials"]
    assert [known[check.name] for check in of_training] == of_training


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
