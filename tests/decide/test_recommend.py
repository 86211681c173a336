"""The recommendation in plain cases: who wins, with which recipe, and what is said of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from advisor.decide.posterior import PRIOR_CAP
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.report.numbers import trials
from studies.errors import BadValue, NothingFeasible
from studies.limits import Limits
from studies.recipe import Recipe

from records import confirmations, facts, record, study

CLEAR = study(
    {"AdamW": [0.95, 0.97, 0.98, 0.96], "Momentum": [0.93, 0.96, 0.965, 0.95], "SGD": [0.9, 0.91, 0.92]},
    confirmed={"AdamW": [0.981, 0.979, 0.98], "Momentum": [0.961, 0.963, 0.962]},
)


def clear(**fields):
    return Evidence(
        **{"facts": facts(), "records": CLEAR, "candidates": ("AdamW", "Momentum", "SGD"), "valid_rows": 360}
        | fields
    )


def test_a_clear_winner_is_decided_and_its_confirmed_recipe_given():
    advice = recommend(clear())

    assert (advice.optimizer, advice.label) == ("AdamW", "decided")
    assert advice.params == CLEAR[2].params
    assert advice.quality == pytest.approx(0.98)
    assert advice.trials == (11, 12, 13)
    assert advice.seeds == (1000, 1001, 1002)
    assert advice.test_quality == pytest.approx(0.98)
    assert advice.interval[0] < 0.98 < advice.interval[1]
    assert isinstance(advice.recipe, Recipe)


def test_evidence_under_other_limits_shares_its_records_and_what_they_have_sorted():
    evidence = clear(records=list(CLEAR))
    other = replace(evidence, limits=Limits(model_bytes=10**9), goal="speed")

    assert evidence.records == CLEAR
    assert other.records is evidence.records
    assert other.complete("SGD") is evidence.complete("SGD")
    assert replace(evidence, records=CLEAR[:3]).complete("SGD") == ()


def test_records_of_the_same_content_are_judged_alike_whoever_made_them():
    again = tuple(replace(each) for each in CLEAR)

    assert recommend(clear(records=again)) == recommend(clear())


def test_the_first_reason_names_both_finalists_their_trials_and_seeds():
    first, second = map(str, recommend(clear()).reasons[:2])

    assert first.startswith("Its confirmed recipe reached accuracy 0.98 on validation")
    assert first.endswith("(mean of 3 seeds, trials 11-13).")
    assert second == "The runner-up is Momentum with accuracy 0.962 (trials 14-16)."


def test_the_runner_up_comes_with_its_price_and_its_use():
    assert str(recommend(clear()).alternatives[0]) == (
        "Momentum: half the optimizer state (39.1 KiB against 78.1 KiB) for 1.8 points less accuracy; "
        "prefer it when memory is short."
    )


def test_a_tighter_limit_that_would_flip_the_answer_is_named_and_does_flip_it():
    advice = recommend(clear())
    flipped = recommend(clear(limits=Limits(train_bytes=advice.costs["peak_bytes"] - 1)))

    changes = list(map(str, advice.would_change))
    assert any("training memory of 176 KiB (--memory): Momentum instead" in change for change in changes)
    assert flipped.optimizer == "Momentum"
    assert any(
        str(reason).startswith("Ruled out: AdamW needs 200,000 B to train") for reason in flipped.reasons
    )
    assert any(
        "of 196 KiB (--memory, now 195 KiB): AdamW instead" in str(change) for change in flipped.would_change
    )


def test_before_any_trial_the_answer_is_the_prior_and_says_so():
    advice = recommend(Evidence(facts=facts(), candidates=("SGD", "AdamW")))

    assert (advice.optimizer, advice.label, advice.params) == ("AdamW", "prior only", {"optimizer": "AdamW"})
    assert advice.p_tie <= PRIOR_CAP
    assert advice.costs["peak_bytes"] == facts().forecast("AdamW").peak_bytes
    assert advice.checklist == ()
    assert any("arXiv" in str(reason) for reason in advice.reasons)


def test_an_optimizer_that_alone_fits_but_was_never_trained_is_prior_only():
    big = tuple(replace(run, peak_bytes=10**9) for run in CLEAR if run.optimizer == "AdamW")
    advice = recommend(clear(records=big, candidates=("AdamW", "SGD"), limits=Limits(train_bytes=150_000)))

    assert (advice.optimizer, advice.label) == ("SGD", "prior only")
    assert advice.p_tie <= PRIOR_CAP


TIED = study(
    {"AdamW": [0.95, 0.94, 0.93, 0.92, 0.91], "RMSprop": [0.95, 0.94, 0.93, 0.92, 0.91]},
    confirmed={"AdamW": [0.95, 0.945, 0.94], "RMSprop": [0.95, 0.94, 0.945]},
)


@pytest.mark.parametrize(
    ("goal", "adamw_seconds", "answer"),
    [
        pytest.param("memory", 1.0, "RMSprop", id="memory: the one with less state"),
        pytest.param("balanced", 1.0, "RMSprop", id="balanced: the one with less state"),
        pytest.param("speed", 1.0, "AdamW", id="speed: the faster one"),
        pytest.param("speed", 1.75, "RMSprop", id="speed: alike, so the one with less state"),
        pytest.param("quality", 1.0, "RMSprop", id="quality: measured alike, so the one with less state"),
    ],
)
def test_the_goal_decides_between_what_the_evidence_cannot_tell_apart(goal, adamw_seconds, answer):
    records = tuple(
        replace(
            run,
            train_seconds=adamw_seconds if run.optimizer == "AdamW" else run.train_seconds,
            optimizer_state_bytes=1000 * run.optimizer_state_bytes,
        )
        for run in TIED
    )
    advice = recommend(Evidence(facts=facts(), records=records, candidates=("AdamW", "RMSprop"), goal=goal))

    assert advice.optimizer == answer
    assert any("cannot tell" in str(reason) for reason in advice.reasons)
    assert advice.label == "tied"


def test_a_limit_on_a_recipe_leaves_the_optimizer_its_next_best_recipe():
    records = (
        record(0, "AdamW", 0.98, params={"batch_size": 256}, peak_bytes=900_000),
        record(1, "AdamW", 0.97, params={"batch_size": 32}, peak_bytes=200_000),
        record(2, "SGD", 0.80, peak_bytes=120_000),
    )
    advice = recommend(
        Evidence(
            facts=facts(), records=records, candidates=("AdamW", "SGD"), limits=Limits(train_bytes=200_000)
        )
    )

    assert (advice.optimizer, advice.params["batch_size"], advice.trials) == ("AdamW", 32, (1,))
    assert advice.label != "decided"


def test_a_learning_rate_on_the_edge_blocks_decided():
    edge = tuple(replace(run, units={"optimizer.lr": 1.0}) if run.number == 2 else run for run in CLEAR)
    advice = recommend(clear(records=edge))

    assert (advice.optimizer, advice.label) == ("AdamW", "leaning")
    assert any("learning rate of AdamW" in str(change) for change in advice.would_change)
    assert "range edges" in {check.name for check in advice.checklist if not check.passed}


def test_nothing_feasible_says_which_limit_to_relax_and_to_what():
    with pytest.raises(NothingFeasible) as caught:
        recommend(clear(limits=Limits(train_bytes=100_000)))
    message = str(caught.value)
    wanted = message.rsplit("to ", 1)[1]

    assert "SGD" in message
    assert "\n" not in message
    assert (
        recommend(
            clear(limits=Limits.parse(memory=wanted, model_size=None, latency=None, train_time=None))
        ).optimizer
        == "SGD"
    )


@pytest.mark.parametrize(
    ("limit", "flag"),
    [
        pytest.param({"model_bytes": 10_000}, "--model-size", id="size"),
        pytest.param({"latency_seconds": 1e-6}, "--latency", id="latency"),
        pytest.param({"train_seconds": 0.1}, "--train-time", id="time"),
    ],
)
def test_every_limit_has_its_veto(limit, flag):
    with pytest.raises(NothingFeasible, match=flag):
        recommend(clear(limits=Limits(**limit)))


def test_evidence_of_nothing_is_refused():
    with pytest.raises(BadValue, match="no optimizer"):
        recommend(Evidence())


def test_a_minimized_metric_is_minimized_and_reads_well():
    records = study(
        {"AdamW": [58, 56, 55], "SGD": [70, 65, 62]},
        confirmed={"AdamW": [55.1, 55.0, 55.2], "SGD": [62, 62.5, 62.2]},
        direction="minimize",
    )
    advice = recommend(Evidence(facts=facts(), records=records, direction="minimize", metric="rmse"))

    assert advice.optimizer == "AdamW"
    assert "rmse 55.1" in str(advice)
    assert "lower is better" in str(advice)
    assert advice.interval[0] > 0


def test_a_newer_and_better_search_trial_is_pointed_at():
    advice = recommend(clear(records=(*CLEAR, record(50, "AdamW", 0.99))))

    assert any("trial 50" in str(change) for change in advice.would_change)


def test_a_recipe_that_fails_on_fresh_seeds_is_not_advised():
    records = (
        *study({"AdamW": [0.98, 0.9], "SGD": [0.96, 0.9]}),
        *confirmations(4, "AdamW", [None, None, 0.98], source=0),
        *confirmations(7, "SGD", [0.96, 0.961, 0.959], source=2),
    )

    assert recommend(Evidence(facts=facts(), records=records, candidates=("AdamW", "SGD"))).optimizer == "SGD"


def test_being_judged_at_more_trials_is_possible():
    wide = study({"AdamW": [0.9, 0.9, 0.9], "SGD": [0.901, 0.7, 0.3]})
    evidence = Evidence(facts=facts(), records=wide, candidates=("AdamW", "SGD"), goal="quality")
    regrets = [
        next(
            contender.expected_regret
            for contender in recommend(evidence, tuning_trials=trials).contenders
            if contender.optimizer == "SGD"
        )
        for trials in (1, 30)
    ]

    assert regrets[1] < regrets[0]


def test_trials_are_named_in_runs():
    assert trials([3]) == "trial 3"
    assert trials([33, 12, 31, 32, 7, 8]) == "trials 7, 8, 12, 31-33"


def test_asking_for_a_recommendation_stays_light():
    modules = "advisor.decide.recommend, advisor.jobs.entrants, advisor.report.layout"
    code = f"import sys, {modules}; print(sorted({{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert not any(
        f"'{heavy}'" in loaded
        for heavy in ("torch", "sklearn", "optuna", "scipy", "mlflow", "streamlit", "pandas")
    )


def test_an_answer_without_runs_says_that_those_there_are_were_ruled_out():
    """The runs of AdamW break the limit on latency; nobody knows the latency of Momentum yet."""
    runs = study({"AdamW": [0.95, 0.97]})
    evidence = Evidence(
        facts=facts(latency_seconds=None),
        records=runs,
        candidates=("AdamW", "Momentum", "SGD"),
        valid_rows=360,
        limits=Limits(latency_seconds=1e-9),
    )
    advice = recommend(evidence)

    assert advice.label == "prior only"
    assert "Only optimizers that are ruled out were trained to the end so far." in str(advice.headline)
    untried = recommend(replace(evidence, records=()))
    assert "Nothing was trained to its end yet." in str(untried.headline)
