"""Memory forecasts of a profile, of every optimizer and in every mode, against torch's own allocator."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_probes import texts, workload_of

from benchmarks.memory import measured
from studies import catalogue
from studies.facts import Facts, Forecast, Moment
from studies.limits import Budget
from studies.loaded_workload import LoadedWorkload
from studies.models.bag import Bag
from studies.models.ft_transformer import FTTransformer
from studies.models.mlp import MLP
from studies.models.transformer import Transformer
from studies.profiling.followed_step import MOST_FOR_ALL, MOST_PARAMETERS
from studies.profiling.forecasts import forecasts
from studies.profiling.profile import profile
from studies.recipe import Recipe

EVERY = [
    pytest.param(choice, id=name, marks=[] if name in {"SGD", "AdamW", "Muon"} else pytest.mark.slow)
    for name, choice in catalogue.choices("optimizer").items()
    if choice.offered
]
WORKLOADS = {
    "wide mlp": lambda: LoadedWorkload.open("digits", model=MLP(width=512)),
    "cnn": lambda: LoadedWorkload.open("digits", model="cnn"),
    "resnet": lambda: LoadedWorkload.open("digits", model="resnet"),
    "fttransformer": lambda: LoadedWorkload.open("wine", model=FTTransformer(width=32, depth=1)),
    "transformer": lambda: words_of(Transformer()),
    "sparse bag": lambda: words_of(Bag()),
    "bag": lambda: words_of(Bag(sparse=False)),
}


def words_of(model):
    """Return texts with a vocabulary of 3,000 words, enough for four steps before the first evaluation."""
    return replace(workload_of(model), dataset=replace(texts(rows=200), vocabulary=3000))


@pytest.fixture(scope="module", params=WORKLOADS, ids=str)
def workload(request):
    return WORKLOADS[request.param]()


@pytest.fixture(scope="module")
def facts(workload):
    return profile(workload, batch_size=32, epochs=1)


@pytest.fixture(scope="module")
def digits():
    return LoadedWorkload.open("digits", model="mlp")


@pytest.mark.parametrize("choice", EVERY)
def test_state_is_forecast_within_5_and_the_peak_within_10_per_cent(workload, facts, choice):
    forecast = facts.forecast(choice.name())
    if reason := choice.misfit(facts):
        assert forecast.skipped == reason
        return
    recipe = Recipe(model=workload.model, optimizer=choice(), batch_size=32, epochs=1)
    peak, state = measured(recipe, workload, "cpu")

    assert forecast.followed
    assert forecast.state_bytes == pytest.approx(state, rel=0.05)
    assert forecast.peak_bytes == pytest.approx(peak, rel=0.1)


def test_wide_layers_neither_rule_sgd_out_nor_let_muon_in():
    """What a step borrows was taken to be the largest weight: too much of SGD's, too little of Muon's."""
    wide = LoadedWorkload.open("digits", model=MLP(width=512))
    facts = profile(wide, batch_size=32, epochs=1, probing=Budget(trials=30))
    sgd, muon = facts.forecast("SGD"), facts.forecast("Muon")
    largest_weight = 4 * 512 * 512

    assert sgd.peak_bytes < 2 * sgd.weight_bytes + largest_weight
    assert muon.peak_bytes > 2 * muon.weight_bytes + muon.state_bytes + 2 * largest_weight


def test_forecasts_are_the_same_in_every_mode(digits):
    """A budget in trials, one in seconds that is used up at once, minutes of probing, or none."""
    modes = (0.0, 1e-9, Budget(trials=3), Budget(seconds=1e-6), Budget(seconds=60))
    first, *others = (profile(digits, batch_size=32, epochs=1, probing=mode).forecasts for mode in modes)

    assert all(other == first for other in others)
    assert all(forecast.followed for forecast in first if forecast.optimizer in {"SGD", "AdamW", "Muon"})


def test_every_forecast_was_followed_or_says_why_not(facts):
    for forecast in facts.forecasts:
        assert forecast.followed != bool(forecast.skipped)
        assert "\n" not in forecast.skipped
        assert forecast.peak_bytes > forecast.weight_bytes + forecast.state_bytes


def test_on_a_huge_model_only_what_was_asked_for_is_followed_and_it_is_said(digits):
    plain = profile(digits, batch_size=32, epochs=1)
    large, huge = (replace(plain, parameters=most + 1) for most in (MOST_FOR_ALL, MOST_PARAMETERS))

    def followed(facts, named=()):
        return {forecast.optimizer: forecast for forecast in forecasts(digits, facts, named=named)}

    assert followed(large)["AdamW"].followed
    assert "20,000,001 parameters" in followed(large)["Rprop"].skipped
    assert followed(large, named=("Rprop",))["Rprop"].followed
    assert not any(forecast.followed for forecast in followed(huge).values())
    assert "100,000,001 parameters" in followed(huge)["AdamW"].skipped


def test_the_gradient_of_a_sparse_table_is_that_of_the_words_in_the_batch():
    sparse, dense = (
        profile(workload_of(Bag(sparse=flag)), batch_size=4, epochs=1).forecast("SGD")
        for flag in (True, False)
    )

    assert sparse.weight_bytes == dense.weight_bytes
    assert sparse.gradient_bytes < dense.gradient_bytes


def test_an_optimizer_that_takes_all_rows_is_forecast_with_all_of_them(digits):
    facts = profile(digits, batch_size=32, epochs=1)
    lbfgs = facts.forecast("LBFGS")

    assert lbfgs.batch_size == digits.rows
    assert lbfgs.within(1, smallest=4) == lbfgs
    assert lbfgs.largest_batch(lbfgs.peak_bytes, rows=digits.rows) == digits.rows
    assert lbfgs.largest_batch(lbfgs.peak_bytes - 1, rows=digits.rows) == 0


def forecast(moments=(), **fields):
    parts = {"weight_bytes": 1000, "gradient_bytes": 1000, "state_bytes": 2000, "activation_bytes": 6400}
    return Forecast(**{"optimizer": "A", "batch_size": 64, "moments": moments} | parts | fields)


@given(
    st.lists(st.builds(Moment, fixed_bytes=st.integers(1, 10**6), row_bytes=st.floats(0, 10**4)), max_size=3),
    st.integers(1, 10**7),
    st.integers(1, 64),
)
def test_a_search_begins_at_the_reference_or_at_the_largest_batch_that_fits(moments, limit, smallest):
    reference = forecast(tuple(moments))
    first = reference.within(limit, smallest=smallest)

    assert smallest <= first.batch_size <= reference.batch_size
    assert first.peak_bytes <= limit or first.batch_size == smallest
    if reference.peak_bytes <= limit:
        assert first == reference


def test_without_a_limit_nothing_is_lowered():
    assert forecast().within(None, smallest=1) == forecast()
    assert Facts(forecasts=(forecast(),), batch_size=64).forecast_within("A", None) == forecast()
    assert Facts().forecast_within("A", 1) is None


def test_forecasts_of_an_older_and_of_a_later_version_are_read():
    facts = Facts(forecasts=(forecast(followed=True, skipped="a reason"),), smallest_batch=16)
    values = json.loads(json.dumps(facts.to_dict()))
    later = values | {"forecasts": [values["forecasts"][0] | {"news": 1}], "more": 2}
    older = {name: value for name, value in values.items() if name != "smallest_batch"}
    for name in ("followed", "skipped", "full_batch"):
        older["forecasts"][0].pop(name, None)

    assert Facts.from_dict(later) == facts
    assert Facts.from_dict(older) == Facts(forecasts=(forecast(),))
