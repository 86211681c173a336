"""What a limit rules out: what breaks it at the smallest batch, as was measured, else as was forecast."""

from dataclasses import replace

import pytest

from advisor.decide.estimates import estimates
from advisor.decide.feasible import feasible_recipes
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.decide.ruled_out import nearest_ruled_out
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence, Finding
from studies.costs import COSTS
from studies.facts import Facts
from studies.limits import Limits
from studies.memory_forecast import Forecast

from records import record

ROW_BYTES = 1000
STATE = {"SGD": 0, "Momentum": 10_000, "AdamW": 20_000}
FACTS = Facts(
    batch_size=32,
    smallest_batch=16,
    parameters=2500,
    forecasts=tuple(
        Forecast(
            optimizer=name,
            weight_bytes=10_000,
            gradient_bytes=10_000,
            state_bytes=state,
            activation_bytes=32 * ROW_BYTES,
            batch_size=32,
        )
        for name, state in STATE.items()
    ),
)
"""At 16 rows 36,000 bytes and the state, at 32 rows 52,000."""


def evidence(limit_bytes, records=(), **fields):
    limits = Limits(train_bytes=limit_bytes)
    return Evidence(facts=FACTS, limits=limits, candidates=tuple(STATE), records=records, **fields)


def fitting(tight):
    findings = apply_rules(tight)
    return feasible_recipes(tight, summary_of(tight), findings)[0]


def summary_of(tight):
    return TrialSummary.of(tight, estimates(tight))


def nearest(tight, findings=None):
    return nearest_ruled_out(tight, summary_of(tight), apply_rules(tight) if findings is None else findings)


def test_an_optimizer_that_fits_at_a_smaller_batch_is_not_ruled_out():
    """At the reference batch SGD alone fits; at 16 rows Momentum does, and AdamW at none."""
    tight = evidence(53_000)

    assert set(fitting(tight)) == {"SGD", "Momentum"}
    assert fitting(tight)["Momentum"].costs["peak_bytes"] <= 53_000
    assert fitting(tight)["SGD"].costs["peak_bytes"] == 52_000


def test_what_does_not_fit_at_the_smallest_batch_is_ruled_out():
    assert set(fitting(evidence(56_000))) == {"SGD", "Momentum", "AdamW"}
    assert set(fitting(evidence(55_999))) == {"SGD", "Momentum"}
    assert set(fitting(evidence(45_999))) == {"SGD"}


def test_a_batch_that_is_too_large_is_one_infeasible_recipe():
    """The trial at 128 rows says nothing of the batches below."""
    large = record(0, "Momentum", state="infeasible", peak_bytes=158_000, params={"batch_size": 128})

    assert "Momentum" in fitting(evidence(53_000, (large,)))


def test_what_trials_measured_at_the_smallest_batch_outranks_the_forecast():
    small = record(0, "Momentum", state="infeasible", peak_bytes=97_200, params={"batch_size": 16})
    tight = evidence(53_000, (small,))
    recipes, vetoes = feasible_recipes(tight, summary_of(tight), apply_rules(tight))
    (veto,) = vetoes

    assert set(recipes) == {"SGD"}
    assert veto.subject == "Momentum"
    assert "every trial" in veto.because
    assert veto.source == "its trials"


@pytest.mark.parametrize("state", ["complete", "pruned", "failed"])
def test_a_trial_that_stayed_below_the_limit_outranks_a_forecast_above_it(state):
    light = record(0, "AdamW", state=state, peak_bytes=50_000, params={"batch_size": 16})

    assert "AdamW" in fitting(evidence(53_000, (light,)))


def test_a_recipe_tells_its_measured_costs_from_its_forecasts():
    trained = record(0, "SGD", peak_bytes=40_000, latency_seconds=None)
    recipes = fitting(evidence(None, (trained,)))

    assert recipes["SGD"].ran
    assert recipes["SGD"].measured == {cost.field for cost in COSTS} - {"latency_seconds"}
    assert not recipes["AdamW"].ran
    assert recipes["AdamW"].measured == frozenset()
    assert recipes["AdamW"].costs["peak_bytes"] == 72_000


def test_a_forecast_of_a_run_whose_memory_is_not_known_is_at_its_own_batch():
    unweighed = record(0, "SGD", peak_bytes=None, params={"batch_size": 64})
    recipe = fitting(evidence(None, (unweighed,)))["SGD"]

    assert recipe.costs["peak_bytes"] == 20_000 + 64 * ROW_BYTES
    assert "peak_bytes" not in recipe.measured


def test_the_nearest_ruled_out_is_named_with_the_limit_that_admits_it():
    tight = evidence(45_000)
    ruled_out = nearest(tight)

    assert ruled_out == ("Momentum", "train_bytes", 46_000, False)
    assert ruled_out.optimizer in fitting(replace(tight, limits=Limits(train_bytes=int(ruled_out.needed))))
    assert nearest(evidence(45_000, (record(0, "Momentum", 0.9, peak_bytes=45_100),))) == (
        "Momentum", "train_bytes", 45_100, True,
    )  # fmt: skip


def test_nobody_is_named_where_no_single_limit_would_admit_them():
    veto = Finding(
        rule="Mine", subject="Momentum", verdict="veto", strength=0.0, because="not here", source="me"
    )
    tight = evidence(45_000)
    twice = replace(tight, limits=replace(tight.limits, model_bytes=5000))

    assert nearest(evidence(None)) is None
    assert nearest(evidence(45_000), [*apply_rules(tight), veto]).optimizer == "AdamW"
    assert nearest(replace(twice, candidates=("Momentum", "AdamW"))) is None


def test_a_tighter_limit_promises_neither_a_better_result_nor_one_that_never_ran():
    """Momentum's trial is better and lighter than the advised one's; SGD never ran."""
    seeds = [record(n, "AdamW", 0.9, stage="confirm", source=0, peak_bytes=72_000) for n in (5, 6, 7)]
    records = (
        record(0, "AdamW", 0.9, peak_bytes=72_000),
        record(1, "Momentum", 0.9001, peak_bytes=62_000),
        *seeds,
    )
    advice = recommend(evidence(None, records))
    changes = list(map(str, advice.would_change))
    limits = [change for change in changes if change.startswith("A limit on training memory")]

    assert not [change for change in limits if "SGD instead" in change or " more " in change]
