"""Prices of recipes: what is predicted before any trial, and what the rest of a run takes."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.facts import Facts
from studies.limits import Budget
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.muon import Muon
from studies.recipe import Recipe
from studies.record import Record
from studies.search.prices import Prices
from studies.step_price import StepPrice
from studies.storage.manifest import StudyManifest
from studies.wrappers.ema import EMA
from studies.wrappers.sam import SAM

from any_evidence import any_facts
from records import record
from search_points import SPACE, points

SECONDS = st.floats(0, 1e3)
STEPS = st.builds(
    StepPrice,
    fixed_seconds=SECONDS,
    row_seconds=SECONDS,
    usual_optimizer_seconds=SECONDS,
    optimizer_seconds=st.dictionaries(st.sampled_from(["AdamW", "Muon", "SGD"]), SECONDS),
    timed=st.booleans(),
)
PRICES = st.builds(Prices, step=STEPS, rows=st.integers(1, 10**6), valid_rows=st.integers(0, 10**6))
RECIPES = points().map(SPACE.recipe)
PRICE = Prices(
    step=StepPrice(
        fixed_seconds=2e-4,
        row_seconds=1e-6,
        optimizer_seconds={"Muon": 1e-3},
        usual_optimizer_seconds=1e-4,
        timed=True,
    ),
    rows=1000,
    valid_rows=300,
)


def run_of(recipe: Recipe, seconds: float, *, epochs: int = 9) -> Record:
    """Return a run of a recipe that trained for so many seconds."""
    name = recipe.optimizer.name()
    run = record(0, name, epochs=epochs, train_seconds=seconds)
    return replace(run, params=recipe.to_params())


def price_of(prices: Prices, recipe: Recipe, epochs: int) -> float:
    """Return the seconds that are predicted of a recipe."""
    return prices.seconds(recipe.to_params(), epochs)


@given(PRICES, RECIPES, st.integers(1, 100), st.integers(1, 100))
def test_more_epochs_never_cost_less(prices, recipe, epochs, more):
    seconds = price_of(prices, recipe, epochs)

    assert 0 < seconds < math.inf
    assert seconds < price_of(prices, recipe, epochs + more)


@given(PRICES, RECIPES, st.floats(1e-3, 1e3), st.integers(1, 30))
def test_the_rest_of_a_run_takes_what_its_epochs_took_where_the_budget_goes_by_the_clock(
    prices, recipe, seconds, rest
):
    timed, counted = (replace(prices, step=replace(prices.step, timed=timed)) for timed in (True, False))
    run = run_of(recipe, 9 * seconds)

    assert timed.rest_seconds(run, rest) == pytest.approx(rest * seconds)
    assert counted.rest_seconds(run, rest) == price_of(prices, recipe, rest)


def test_a_larger_batch_makes_a_run_of_a_small_net_cheaper():
    small, large = (price_of(PRICE, Recipe(batch_size=rows), 9) for rows in (32, 128))

    assert 2 * large < small


def test_a_dear_optimizer_and_a_second_gradient_cost_what_they_take():
    plain = price_of(PRICE, Recipe(), 9)

    assert price_of(PRICE, Recipe(optimizer=Muon()), 9) > 2 * plain
    assert 1.3 * plain < price_of(PRICE, Recipe(wrappers=(SAM(),)), 9) < 2 * plain
    assert price_of(PRICE, Recipe(wrappers=(EMA(),)), 9) == plain
    assert price_of(PRICE, Recipe(optimizer=LBFGS(), batch_size=1000), 9) > 10 * price_of(
        PRICE, Recipe(batch_size=1000), 9
    )


@given(any_facts)
def test_a_step_is_priced_as_it_was_timed(facts):
    price = StepPrice.measured(facts)

    assert price.seconds(facts.batch_size, "AdamW") == pytest.approx(facts_step_seconds(facts), abs=1e-9)


def facts_step_seconds(facts: Facts) -> float:
    passes_seconds = facts.step_seconds * (1 - facts.optimizer_share)
    default = facts.step_seconds * facts.optimizer_share
    return passes_seconds + facts.optimizer_seconds.get("AdamW", default)


def test_a_budget_in_trials_is_priced_by_counts_alone():
    quick, slow = (Facts(step_seconds=seconds, row_seconds=seconds / 99) for seconds in (1e-3, 1.0))
    trials, seconds = Budget(trials=30), Budget(seconds=60)

    assert StepPrice.of(quick, trials) == StepPrice.of(slow, trials)
    assert StepPrice.of(quick, seconds) != StepPrice.of(slow, seconds)


@given(STEPS)
def test_a_journal_keeps_the_price_of_a_step(step):
    written = json.loads(json.dumps(StudyManifest(step_price=step).to_dict()))

    assert StudyManifest.from_dict(written).step_price == step
    written["step_price"]["of a later version"] = 1
    assert StudyManifest.from_dict(written).step_price == step


def test_a_journal_without_a_price_has_one_that_no_clock_measured():
    assert StudyManifest.from_dict({"epochs": 9}).step_price == StepPrice()
    assert not StepPrice().timed
