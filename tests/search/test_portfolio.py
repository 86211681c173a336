"""Portfolio: which recipes a search starts from, and what they become in a search space."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from advisor.published.portfolio import StartingRecipe
from benchmarks.portfolio_choice import greedy, normalised, single
from benchmarks.portfolio_pool import LR_UNITS, OPTIMIZERS, pool
from studies import catalogue
from studies.limits import Budget, Limits
from studies.plans.plan import Plan

PLAN = Plan(
    candidates=("AdamW", "Nesterov"),
    schedules=("Cosine", "Constant"),
    regularizers=("L2",),
    wrappers=("EMA",),
    epochs=9,
    batch_size=(16, 32, 128),
    budget=Budget(trials=6),
    limits=Limits(),
)

# rows are tasks: the first two are won by recipe 0, the third by recipe 1; recipe 2 is second everywhere
REGRETS = np.array([[0.0, 1.0, 0.2, 1.0], [0.0, 1.0, 0.2, 1.0], [1.0, 0.0, 0.2, 1.0]])
EQUAL = np.ones_like(REGRETS)
WEIGHTS = np.ones(3)


def test_the_best_of_all_is_first_and_then_what_it_lacks():
    assert greedy(REGRETS, EQUAL, WEIGHTS, count=3) == [2, 0, 1]


def test_what_adds_nothing_is_left_out_though_there_is_room():
    assert greedy(REGRETS, EQUAL, WEIGHTS, count=4) == [2, 0, 1]


def test_a_recipe_that_costs_more_has_to_add_more():
    prices = EQUAL * [1, 1, 3, 1]

    assert greedy(REGRETS, prices, WEIGHTS, count=2) == [0, 1]


def test_a_task_without_weight_says_nothing():
    assert greedy(REGRETS, EQUAL, np.array([0, 0, 1.0]), count=3) == [1]


def test_the_best_by_itself_is_chosen_among_those_of_an_optimizer():
    assert (single(REGRETS, WEIGHTS, [0, 1, 2]), single(REGRETS, WEIGHTS, [0, 1, 3])) == (2, 0)


@given(arrays(int, (4, 6), elements=st.integers(0, 100)), st.integers(1, 6))
def test_each_further_recipe_lowers_the_regret_of_the_best_and_none_is_taken_twice(percents, count):
    regrets = percents / 100
    chosen = greedy(regrets, np.ones_like(regrets), np.ones(4), count=count)
    best = [regrets[:, chosen[:taken]].min(axis=1).mean() for taken in range(1, len(chosen) + 1)]

    assert len(set(chosen)) == len(chosen) <= count
    assert all(later < sooner for sooner, later in pairwise(best))


def test_regret_is_none_for_the_best_and_whole_for_the_middle_and_what_diverged():
    errors = np.array([[0.1, 0.2, 0.3, np.inf, 0.15], [5.0, 5.0, 5.0, 5.0, 4.0]])

    assert normalised(errors) == pytest.approx(np.array([[0, 1, 1, 1, 0.5], [1, 1, 1, 1, 0]]))


# ---------------------------------------------------------------- the pool


def test_each_optimizer_has_its_defaults_and_every_learning_rate_in_the_pool():
    recipes = pool()

    for name in OPTIMIZERS:
        own, *others = [recipe for recipe in recipes if recipe.optimizer == name]
        assert own == StartingRecipe(optimizer=name, schedule="Cosine")
        assert {recipe.units["optimizer.lr"] for recipe in others} == set(LR_UNITS)


def test_recipes_of_the_pool_are_unlike_one_another():
    rows = [tuple(recipe.written().values()) for recipe in pool()]

    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("recipe", pool()[::7])
def test_a_recipe_is_read_as_it_was_written(recipe):
    assert StartingRecipe.read(**recipe.written()) == recipe


# ---------------------------------------------------------------- in a search space


def starting(**fields):
    return StartingRecipe(**{"optimizer": "AdamW", "schedule": "Constant"} | fields)


def test_a_starting_recipe_is_read_in_the_ranges_of_its_own_optimizer(iris):
    starting_recipe = starting(
        optimizer="Nesterov", batch=2, attachments=("L2", "EMA"), units={"optimizer.lr": 1.0}
    )
    recipe = starting_recipe.recipe(PLAN.space(iris))

    assert (recipe.optimizer.lr, recipe.schedule.name(), recipe.batch_size) == (1.0, "Constant", 64)
    assert {choice.name() for choice in (*recipe.regularizers, *recipe.wrappers)} == {"L2", "EMA"}
    assert recipe.epochs == PLAN.epochs


def test_what_a_search_does_not_offer_stays_as_in_its_reference(iris):
    space = replace(PLAN, schedules=("Cosine",), regularizers=(), wrappers=()).space(iris)
    starting_recipe = starting(batch=64, attachments=("L2", "EMA"), units={"optimizer.momentum": 0.5})

    largest = replace(space.reference(catalogue.find("optimizer", "AdamW")), batch_size=128)
    assert starting_recipe.recipe(space) == largest
