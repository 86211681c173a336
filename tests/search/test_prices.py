"""Prices of recipes: what is predicted before any trial, and what trials make of it."""

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
from studies.optimizers.sgd import SGD
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


def run_of(recipe: Recipe, seconds: float, *, epochs: int = 9, number: int = 0, **fields) -> Record:
    """Return a run of a recipe that trained for so many seconds."""
    name = recipe.optimizer.name()
    run = record(number, name, epochs=epochs, train_seconds=seconds, **fields)
    return replace(run, params=recipe.to_params())


@given(PRICES, RECIPES, st.integers(1, 100), st.integers(1, 100))
def test_more_epochs_never_cost_less(prices, recipe, one, more):
    seconds = prices.seconds(recipe, one)

    assert 0 < seconds < math.inf
    assert seconds < prices.seconds(recipe, one + more)


@given(PRICES, RECIPES, st.floats(1e-9, 1e9), st.integers(1, 30), st.sampled_from(["race", "confirm"]))
def test_a_price_comes_to_what_such_runs_took(prices, recipe, seconds, runs, stage):
    prices = replace(prices, valid_rows=0, step=replace(prices.step, timed=True))
    before = prices.seconds(recipe, 9)
    after = prices.after([run_of(recipe, seconds, number=i, stage=stage) for i in range(runs)])

    off_before, off = abs(math.log(before / seconds)), abs(math.log(after.seconds(recipe, 9) / seconds))
    assert off <= off_before / (runs + 1) + 1e-6


@given(PRICES, RECIPES, RECIPES, st.floats(1e-9, 1e9))
def test_prices_stay_positive_whatever_trials_took(prices, recipe, other, seconds):
    corrected = prices.after([run_of(recipe, seconds)])

    assert 0 < corrected.seconds(other, 3) < math.inf
    assert corrected.seconds(other, 3) < corrected.seconds(other, 4)


@given(PRICES, RECIPES, st.floats(1e-3, 1e3))
def test_a_search_by_trials_is_not_moved_by_the_clock(prices, recipe, seconds):
    prices = replace(prices, step=replace(prices.step, timed=False))

    assert prices.after([run_of(recipe, seconds)]) == prices


def test_a_larger_batch_makes_a_run_of_a_small_net_cheaper():
    small, large = (PRICE.seconds(Recipe(batch_size=rows), 9) for rows in (32, 128))

    assert 2 * large < small


def test_a_dear_optimizer_and_a_second_gradient_cost_what_they_take():
    plain = PRICE.seconds(Recipe(), 9)

    assert PRICE.seconds(Recipe(optimizer=Muon()), 9) > 2 * plain
    assert 1.3 * plain < PRICE.seconds(Recipe(wrappers=(SAM(),)), 9) < 2 * plain
    assert PRICE.seconds(Recipe(wrappers=(EMA(),)), 9) == plain
    assert PRICE.seconds(Recipe(optimizer=LBFGS(), batch_size=1000), 9) > 10 * PRICE.seconds(
        Recipe(batch_size=1000), 9
    )


def test_what_one_optimizer_took_says_most_of_itself_and_little_of_others():
    slow = [run_of(Recipe(optimizer=Muon()), 3 * 32 * 9 * 1.232e-3, number=i) for i in range(4)]
    usual = [run_of(Recipe(), 32 * 9 * 3.32e-4, number=i) for i in range(4, 8)]
    prices = PRICE.after([*slow, *usual])

    def factor(recipe):
        return prices.seconds(recipe, 9) / PRICE.seconds(recipe, 9)

    assert factor(Recipe(optimizer=Muon())) > 2.7
    assert factor(Recipe()) == pytest.approx(1, abs=0.1)
    assert 1 < factor(Recipe(optimizer=SGD())) < 2


def test_unfinished_and_failed_runs_without_seconds_say_nothing():
    runs = [
        record(0, state="failed"),
        record(1, state="infeasible"),
        record(2, train_seconds=None),
        record(3, stage="compress", train_seconds=1e6),
    ]

    assert PRICE.after(runs) == PRICE


def test_runs_on_a_sample_of_the_rows_tell_of_runs_on_all():
    recipe = Recipe(batch_size=100)
    took = [run_of(recipe, 2 * 9 * 5 * 4e-4, number=i, sample_rows=500) for i in range(20)]

    assert PRICE.after(took).seconds(recipe, 9) == pytest.approx(2 * PRICE.seconds(recipe, 9), rel=0.01)


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
