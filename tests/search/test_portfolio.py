"""Portfolio: which recipes a search starts from, and what they become in a search space."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from advisor.explanations.explanation import explanation
from advisor.jobs.portfolio import LARGEST, MOST, SHARE, portfolio_starts
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.published import portfolio
from advisor.published.greedy import greedy
from advisor.published.portfolio import (
    CLASSES,
    StartingRecipe,
    best_first,
    of_optimizer,
    recipes,
    rows_a_step,
    tasks,
)
from benchmarks.portfolio import load, normalised, write
from benchmarks.portfolio_pool import LR_UNITS, OPTIMIZERS, pool
from studies import catalogue
from studies.limits import Budget, Limits
from studies.plans.fairness import CONTENTION, STRICT
from studies.plans.plan import Plan
from studies.recipe import Recipe
from studies.schedules import USUAL
from studies.storage import journal

from records import facts

PLAN = Plan(
    candidates=("AdamW", "Nesterov"),
    schedules=("Cosine", "Constant"),
    regularizers=("L2",),
    wrappers=("EMA",),
    epochs=9,
    batch_size=(16, 32, 128),
    budget=Budget(trials=6),
    fair=CONTENTION,
    limits=Limits(),
)

# rows are tasks: the first two are won by recipe 0, the third by recipe 1; recipe 2 is second everywhere
REGRETS = np.array([[0.0, 1.0, 0.2, 1.0], [0.0, 1.0, 0.2, 1.0], [1.0, 0.0, 0.2, 1.0]])
EQUAL = np.ones(4)
WEIGHTS = np.ones(3)


def test_the_best_of_all_is_first_and_then_what_it_lacks():
    assert greedy(REGRETS, EQUAL, WEIGHTS, count=3) == [2, 0, 1]


def test_what_adds_nothing_is_left_out_though_there_is_room():
    assert greedy(REGRETS, EQUAL, WEIGHTS, count=4) == [2, 0, 1]


def test_a_recipe_that_costs_more_has_to_add_more():
    prices = np.array([1, 1, 3, 1])

    assert greedy(REGRETS, prices, WEIGHTS, count=2) == [0, 1]


def test_a_task_without_weight_says_nothing():
    assert greedy(REGRETS, EQUAL, np.array([0, 0, 1.0]), count=3) == [1]


@given(arrays(int, (4, 6), elements=st.integers(0, 100)), st.integers(1, 6))
def test_each_further_recipe_lowers_the_regret_of_the_best_and_none_is_taken_twice(percents, count):
    regrets = percents / 100
    chosen = greedy(regrets, np.ones(6), np.ones(4), count=count)
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
        defaults, *others = [recipe for recipe in recipes if recipe.optimizer == name]
        assert defaults == StartingRecipe(optimizer=name, schedule="Cosine")
        assert {recipe.units["optimizer.lr"] for recipe in others} >= set(LR_UNITS)


def test_recipes_of_the_pool_are_unlike_one_another():
    rows = [tuple(recipe.written().values()) for recipe in pool()]

    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("recipe", pool()[::7])
def test_a_recipe_is_read_as_it_was_written(recipe):
    assert StartingRecipe.read(recipe.written()) == recipe


# ---------------------------------------------------------------- in a search space


def starting(**fields):
    return StartingRecipe(**{"optimizer": "AdamW", "schedule": "Constant"} | fields)


def test_a_starting_recipe_is_read_in_the_ranges_of_its_own_optimizer(iris):
    starting_recipe = starting(
        optimizer="Nesterov", batch_rows=64, attachments=("L2", "EMA"), units={"optimizer.lr": 1.0}
    )
    recipe = starting_recipe.recipe(PLAN.space(iris))

    assert (recipe.optimizer.lr, recipe.schedule.name(), recipe.batch_size) == (1.0, "Constant", 64)
    assert {choice.name() for choice in (*recipe.regularizers, *recipe.wrappers)} == {"L2", "EMA"}
    assert recipe.epochs == PLAN.epochs


def test_what_a_search_does_not_offer_stays_as_in_its_reference(iris):
    space = replace(PLAN, schedules=("Cosine",), regularizers=(), wrappers=()).space(iris)
    starting_recipe = starting(attachments=("L2", "EMA"), units={"optimizer.momentum": 0.5})

    assert starting_recipe.recipe(space) == space.reference(catalogue.find("optimizer", "AdamW"))


@pytest.mark.parametrize("lr_scaling", [False, True])
@pytest.mark.parametrize(("rows", "factor"), [(16, 0.5), (64, 1.0)])
def test_the_lr_is_that_of_the_recorded_run_and_follows_other_rows_a_step(iris, rows, factor, lr_scaling):
    plan = replace(PLAN, batch_size=(rows, rows, rows), lr_scaling=lr_scaling)
    recipe = starting(batch_rows=64, units={"optimizer.lr": 0.5}).recipe(plan.space(iris))

    assert recipe.batch_size == rows
    assert recipe.optimizer.lr == pytest.approx(factor * 5.477e-3, rel=1e-3)


def test_a_larger_training_set_gets_more_rows_a_step():
    assert [rows_a_step(64, rows) for rows in (90, 4_999, 5_000, 20_000, 100_000)] == [64, 64, 128, 256, 512]


# ---------------------------------------------------------------- of a new search

PLENTY = 1000
CANDIDATES = tuple(dict.fromkeys(recipe.optimizer for recipe in recipes()))
SCHEDULES = ("Cosine", "Constant", "Step", "OneCycle", "LinearDecay")


@st.composite
def plans(draw):
    """Plans of any optimizers, schedules, attachments and rows a step."""
    return replace(
        PLAN,
        candidates=tuple(draw(st.lists(st.sampled_from(CANDIDATES), min_size=1, unique=True))),
        schedules=tuple(draw(st.lists(st.sampled_from(SCHEDULES), min_size=1, unique=True))),
        regularizers=draw(st.sampled_from([(), ("L2",), ("Dropout", "L2", "LabelSmoothing")])),
        wrappers=draw(st.sampled_from([(), ("EMA",)])),
        batch_size=draw(st.sampled_from([(16, 32, 128), (64, 64, 64), (1, 8, 90)])),
    )


def opening(plan, workload, *, trials=PLENTY, **fields):
    return portfolio_starts(facts(**fields), plan, plan.space(workload), planned_trials=trials)


@given(plans(), st.integers(0, 200), st.sampled_from(["table", "image", "text", "signal"]), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_opens_with_recipes_of_its_own_space_each_optimizer_having_one(
    iris, plan, trials, kind, linear
):
    starts = opening(plan, iris, trials=trials, kind=kind, is_linear=linear)
    space = plan.space(iris)
    opened = [Recipe.from_params(start.params) for start in starts]

    # each optimizer's plain recipe is recorded with the first of the usual schedules
    usual = "Cosine" in plan.schedules
    assert {recipe.optimizer.name() for recipe in opened} <= set(plan.candidates)
    assert not usual or {recipe.optimizer.name() for recipe in opened} == set(plan.candidates)
    assert len(opened) <= max(MOST, len(plan.candidates))
    assert [space.recipe(space.point(recipe)) for recipe in opened] == opened
    assert len({str(start.params) for start in starts}) == len(starts)


def test_few_trials_get_a_recipe_of_each_optimizer_and_more_get_more_of_the_best(iris):
    counts = [len(opening(PLAN, iris, trials=trials)) for trials in (2, 2 * SHARE, 4 * SHARE, 6 * SHARE)]

    assert counts == [2, 2, 4, 6]


def test_strictly_compared_each_optimizer_has_one(iris):
    starts = opening(replace(PLAN, fair=STRICT), iris)

    assert sorted(str(start.params["optimizer"]) for start in starts) == sorted(PLAN.candidates)


def test_strictly_compared_no_optimizer_has_two_where_another_was_not_recorded(iris):
    starts = opening(replace(PLAN, fair=STRICT, candidates=("AdamW", "LBFGS")), iris)

    assert [start.params["optimizer"] for start in starts] == ["AdamW"]


def test_every_offered_optimizer_has_recipes():
    offered = {name for name, choice in catalogue.choices("optimizer").items() if choice.offered}

    assert offered <= set(CANDIDATES)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "function"}, id="a training function keeps its data to itself"),
        pytest.param({"pretrained": True}, id="fine-tuning"),
    ],
)
def test_a_search_of_what_was_not_recorded_opens_with_the_defaults(iris, fields):
    assert opening(PLAN, iris, **fields) == ()


def test_a_model_larger_than_any_recorded_opens_with_the_defaults_too(iris):
    starts = opening(PLAN, iris, parameters=2 * LARGEST)
    space = PLAN.space(iris)

    references = [space.reference(choice).to_params() for choice in space.optimizers]
    assert [start.params for start in starts[: len(references)]] == references
    assert len(starts) > len(references)


def test_each_class_of_problems_has_a_portfolio_of_its_own():
    chosen = {tuple(sorted(best_first(name, range(len(recipes())), count=6))) for name in CLASSES}

    assert len(chosen) == len(CLASSES)


def test_an_explanation_says_what_an_optimizer_starts_with_on_each_class():
    text = explanation("AdamW")
    (number,) = best_first("table", of_optimizer("AdamW"), count=1)
    _, table = text.split("Starts in a search")

    assert f"batch_size {recipes()[number].batch_rows}" in table
    assert all(words in table for words in CLASSES.values())


def test_an_explanation_names_only_schedules_that_are_tried_unasked():
    names = {recipe.optimizer for recipe in recipes()}
    texts = [explanation(name).partition("Starts in a search")[2] for name in names]
    others = {recipe.schedule for recipe in recipes()} - set(USUAL)

    assert all(texts)
    assert not [name for name in others for text in texts if name in text.partition("Published")[0]]


def test_an_explanation_of_what_was_not_recorded_says_nothing_of_starts():
    assert not of_optimizer("LBFGS")
    assert "Starts in a search" not in explanation("LBFGS")


def test_every_task_has_a_regret_of_every_recipe():
    assert {len(task.regrets) for task in tasks()} == {len(recipes())}
    assert all(0 <= regret <= 1 for task in tasks() for regret in task.regrets)
    assert {task.problem_class for task in tasks()} == set(CLASSES)


def test_the_shipped_tables_are_those_of_the_recorded_runs(tmp_path, monkeypatch):
    for name in ("RECIPES", "REGRETS"):
        monkeypatch.setattr(portfolio, name, tmp_path / name)
    runs = load()
    write(runs)
    written = [
        StartingRecipe.read(row) for row in csv.DictReader((tmp_path / "RECIPES").read_text().splitlines())
    ]

    assert [replace(recipe, price=1.0) for recipe in written] == [
        replace(recipe, price=1.0) for recipe in recipes()
    ]
    assert [recipe.price for recipe in written] == pytest.approx([r.price for r in recipes()], rel=0.02)
    assert [task.name for task in runs.tasks] == [task.name for task in tasks()]
    regrets = [task.regrets for task in tasks()]
    assert np.array(regrets) == pytest.approx(np.array([task.regrets for task in runs.tasks]), abs=0.01)


def test_a_new_study_says_what_it_opens_with_and_writes_it_down(home):
    session = prepare(Request.of("iris", budget="12trials", epochs=3, tracking_uri="off"), home)
    manifest = journal.manifest_of(journal.open_study(home, session.name))

    assert manifest.starts == session.plan.starts
    assert {start.origin for start in manifest.starts} == {"the portfolio for nets on tables"}
    (line,) = [line for line in session.notes if "portfolio" in line]
    assert line.startswith(f"The search opens with {len(manifest.starts)} recipes of the portfolio for nets")


def test_a_search_may_do_without(home):
    request = Request.of("iris", budget="12trials", epochs=3, tracking_uri="off", portfolio=False)

    assert prepare(request, home).plan.starts == ()
