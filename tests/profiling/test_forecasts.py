"""Memory forecasts of a profile, of every optimizer and in every mode, against torch's own allocator."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchmarks.memory import measured
from studies import catalogue
from studies.facts import Facts
from studies.limits import Budget
from studies.memory_forecast import Forecast, Moment
from studies.models.bag import Bag
from studies.models.ft_transformer import FTTransformer
from studies.models.mlp import MLP
from studies.models.transformer import Transformer
from studies.profiling import followed_step
from studies.profiling.forecasts import forecasts
from studies.profiling.probes.bench import few_rows
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.workload import model_choice
from studies.workload_opening import open_source

from made_workloads import texts, workload_of

EVERY = [
    pytest.param(choice, id=name, marks=[] if name in {"SGD", "AdamW", "Muon"} else pytest.mark.slow)
    for name, choice in catalogue.choices("optimizer").items()
    if choice.offered
]
WORKLOADS = {
    "wide mlp": lambda: open_source("digits", model=MLP(width=512)),
    "cnn": lambda: open_source("digits", model="cnn"),
    "resnet": lambda: open_source("digits", model="resnet"),
    "fttransformer": lambda: open_source("wine", model=FTTransformer(width=32, depth=1)),
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
    return open_source("digits", model="mlp")


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
    wide = open_source("digits", model=MLP(width=512))
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


def test_the_stand_in_of_a_large_model_tells_about_what_the_model_itself_does(monkeypatch):
    large = open_source("digits", model=MLP(width=1100))
    facts = profile(large, batch_size=32, epochs=1)
    monkeypatch.setattr(followed_step, "MOST_PARAMETERS", 10**9)
    monkeypatch.setattr(followed_step, "MOST_PRODUCTS", 10**12)
    whole = {forecast.optimizer: forecast for forecast in forecasts(large, facts)}

    assert facts.parameters > 1_000_000
    assert "treats large matrices otherwise" in facts.forecast("SOAP").skipped
    assert facts.forecast("SOAP").state_bytes == whole.pop("SOAP").state_bytes
    for forecast in map(facts.forecast, whole):
        assert forecast.skipped == whole[forecast.optimizer].skipped
        assert forecast.gradient_bytes == whole[forecast.optimizer].gradient_bytes
        assert forecast.state_bytes == pytest.approx(whole[forecast.optimizer].state_bytes, rel=0.03)
        assert forecast.peak_bytes == pytest.approx(whole[forecast.optimizer].peak_bytes, rel=0.05)


def test_a_model_that_allows_no_stand_in_is_forecast_by_arithmetic(monkeypatch):
    monkeypatch.setattr(followed_step, "MOST_PARAMETERS", 100)
    adamw = profile(open_source("iris", model=f"{__file__}:Closed"), batch_size=16, epochs=1).forecast(
        "AdamW"
    )

    assert "no smaller stand-in: AttributeError: closed" in adamw.skipped
    assert adamw.state_bytes >= 2 * adamw.weight_bytes


class Closed(nn.Module):
    """A model whose weights cannot be put in the place of others once it is made."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 40), Locked(40, 3)

    def forward(self, rows):
        return self.second(self.first(rows).relu())


class Locked(nn.Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.locked = True

    def __setattr__(self, name, value):
        if self.__dict__.get("locked") and name == "weight":
            raise AttributeError("closed")
        super().__setattr__(name, value)


class Heavy(nn.Module):
    """A small model whose passes cost what those of a large one do; it notes how many rows they had."""

    rows: ClassVar[list[int]] = []

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(64, 500), nn.Linear(500, 500), nn.Linear(500, 10)

    def forward(self, rows):
        self.rows.append(len(rows))
        hidden = self.first(rows.flatten(1))
        for _ in range(500):
            hidden = self.second(hidden).tanh()
        return self.last(hidden)


def test_profiling_a_heavy_model_takes_few_rows_and_few_passes():
    heavy = replace(open_source("digits"), model=model_choice(Heavy))
    Heavy.rows.clear()
    facts = profile(heavy, batch_size=64, epochs=1, probing=Budget(trials=5))

    assert facts.macs > 10**8
    assert few_rows(facts) == 15
    assert max(Heavy.rows) <= 16
    assert sum(Heavy.rows) < 10 * facts.batch_size
    assert facts.forecast("AdamW").followed
    assert "multiplications" in facts.forecast("Sophia").skipped


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
