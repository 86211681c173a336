"""The path from defaults to the advised recipe: what lies between, in which order, and what it brought."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.analysis.ablation import (
    MOST_CHANGES,
    Ablation,
    ablation_step,
    draw_of,
    path,
    path_step,
    runs_of,
    shared_draws,
)
from advisor.analysis.ablation_text import ablation_text, headline
from advisor.analysis.quality_forest import FEWEST, quality_forest
from advisor.analysis.recipe_changes import changes
from studies.direction import MAXIMIZE, Direction
from studies.optimizers.adamw import AdamW
from studies.optimizers.muon import Muon
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine

from records import record

RECIPES = st.builds(
    Recipe,
    optimizer=st.sampled_from(
        (AdamW(), AdamW(lr=0.01), AdamW(lr=0.01, beta1=0.8), Muon(), Muon(momentum=0.9))
    ),
    schedule=st.sampled_from((Cosine(), Cosine(warmup=0.1), Constant())),
    batch_size=st.sampled_from((16, 64)),
    regularizers=st.lists(
        st.sampled_from((Dropout(rate=0.2), LabelSmoothing(share=0.1))), unique_by=type, max_size=2
    ).map(tuple),
)
DRAWS = ((1, 1, None), (2, 2, None), (3, 3, None))


@given(start=RECIPES, end=RECIPES, seed=st.randoms())
def test_changes_made_in_any_order_make_one_recipe_the_other_and_each_stop_is_a_recipe(start, end, seed):
    between = list(changes(start.to_params(), end.to_params()))
    seed.shuffle(between)
    params = start.to_params()
    for change in between:
        params = change.applied(params)
        assert Recipe.from_params(params).to_params().keys() == params.keys()

    assert Recipe.from_params(params) == end
    assert bool(between) == (start != end)


@given(start=RECIPES, end=RECIPES)
def test_a_path_begins_at_one_recipe_and_ends_at_the_other(start, end):
    steps = path(start.to_params(), end.to_params(), name="defaults", direction=MAXIMIZE, forest=None)

    assert steps[0].params == start.to_params()
    assert Recipe.from_params(steps[-1].params) == end
    assert len(steps) <= 2 + MOST_CHANGES
    assert all(left.params != right.params for left, right in pairwise(steps))


def runs_of_a_rule(count=40):
    """Return recipes whose quality a high lr makes, and nothing else."""
    recipes = [
        Recipe(optimizer=AdamW(lr=0.001 * (1 + n % 7), beta1=0.8 + 0.02 * (n % 5))).to_params()
        for n in range(count)
    ]
    return recipes, [0.8 + 20 * params["optimizer.AdamW.lr"] for params in recipes]


def test_the_change_that_brings_most_comes_first_and_its_estimate_says_its_error():
    recipes, qualities = runs_of_a_rule()
    forest = quality_forest(recipes, qualities)
    start, end = Recipe(optimizer=AdamW(lr=0.001)), Recipe(optimizer=AdamW(lr=0.007, beta1=0.82))
    steps = path(start.to_params(), end.to_params(), name="defaults", direction=MAXIMIZE, forest=forest)

    assert [step.change for step in steps] == ["defaults", "lr 0.001 -> 0.007", "beta1 0.9 -> 0.82"]
    assert 0 < forest.error < pstdev(qualities)
    assert steps[1].foretold - steps[0].foretold == pytest.approx(0.12, abs=0.02)
    assert quality_forest(recipes, qualities).quality(recipes[3]) == forest.quality(recipes[3])


def test_too_few_runs_or_runs_alike_foretell_nothing():
    recipes, qualities = runs_of_a_rule()

    assert quality_forest(recipes[: FEWEST - 1], qualities[: FEWEST - 1]) is None
    assert quality_forest([recipes[0]] * 30, qualities[:30]) is None
    assert quality_forest(recipes, [0.9] * 40) is None


def run(number, seed, quality, **fields):
    return record(number, "AdamW", quality, stage="ablate", seed=seed, split_seed=seed, **fields)


def told(before, after, *, direction=MAXIMIZE, foretold=(None, None)):
    steps = (path_step("defaults of AdamW", {}, None), path_step("lr 0.001 -> 0.004", {}, None))
    steps = [replace(step, foretold=value) for step, value in zip(steps, foretold, strict=True)]
    first = ablation_step(steps[0], before, [], None, first=True)
    second = ablation_step(steps[1], after, before, foretold[0])
    return Ablation(
        study="s",
        optimizer="AdamW",
        start="AdamW",
        metric="accuracy" if direction.maximizes else "rmse",
        direction=direction,
        seeds=min(len(before), len(after)),
        steps=(first, second),
        measured=first.measured and second.measured,
        error=None if foretold[0] is None else 0.01,
        runs=0 if foretold[0] is None else 30,
    )


def runs_with(by_seed, first=0):
    return [run(first + n, seed, quality) for n, (seed, quality) in enumerate(by_seed.items())]


def test_an_effect_is_the_mean_of_differences_over_the_seeds_that_both_recipes_share():
    before = runs_with({1: 0.90, 2: 0.92, 3: 0.91})
    after = runs_with({1: 0.95, 2: 0.96, 7: 0.5}, first=9)
    path = told(before, after)

    assert path.steps[1].effect == pytest.approx(0.045)
    assert path.steps[1].reach == pytest.approx(6.314 * 0.00707 / 2**0.5, rel=1e-2)
    assert path.measured


def test_recipes_of_a_path_are_compared_over_the_draws_that_all_of_them_ran_with():
    path = [runs_with({1: 0.9}), [], runs_with({1: 0.95, 2: 0.99, 3: 0.99})]
    draws = [draw_of(run) for run in path[2]]

    assert shared_draws(path, draws) == (draws[0],)
    assert shared_draws([[], []], draws) == tuple(draws)


def test_a_sentence_names_a_change_only_where_its_interval_leaves_out_none():
    base = runs_with({1: 0.91, 2: 0.92, 3: 0.93})
    sure = runs_with({1: 0.96, 2: 0.97, 3: 0.98}, first=9)
    wide = runs_with({1: 0.99, 2: 0.9, 3: 0.95}, first=9)

    assert headline(told(base, sure)).startswith(
        "The largest gain on the way to the advised recipe: lr 0.001"
    )
    assert headline(told(base, wide)).startswith("No single change stands out")
    assert headline(told(base, sure, direction=Direction.MINIMIZE)).startswith("No single change stands out")
    assert "measured with 3 paired seeds" in headline(told(base, sure))


def test_what_is_estimated_is_said_to_be_and_what_is_not_known_too():
    estimated = told([], [], foretold=(0.90, 0.95))

    assert "about +5 points of accuracy; estimated from the trials" in headline(estimated)
    assert "estimated by a forest over 30 whole runs" in ablation_text(estimated)
    assert "off by 0.01 of accuracy" in ablation_text(estimated)
    assert headline(told([], [])).startswith("Nothing is known yet")


def test_a_run_that_diverged_says_so_in_its_line():
    before = [run(0, 1, 0.9)]
    lost = [run(1, 1, None, state="infeasible")]

    assert "diverged" in ablation_text(told(before, lost))
    assert not told(before, lost).measured


def test_runs_of_a_recipe_are_those_with_its_settings_and_the_seeds_of_the_path():
    params = Recipe().to_params()
    same = replace(run(4, 2, 0.9), params=params)
    other = replace(run(5, 2, 0.9), params=params | {"batch_size": 8})
    elsewhere = replace(run(6, 2, 0.9, sample_rows=None), params=params, split_seed=None)
    stopped = replace(run(7, 3, 0.9, state="pruned"), params=params)

    assert runs_of(params, (other, elsewhere, same, stopped), DRAWS) == [same]
