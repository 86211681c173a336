"""Learning rates over batch sizes: the range of an optimizer's lr moves with the batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.analysis.searched_space import edges, numbers
from advisor.evidence import Evidence
from studies.optimizers import LR_ROWS, MOST_LR_ROWS
from studies.optimizers.adamw import AdamW
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.prodigy import Prodigy
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.storage.manifest import StudyManifest

from records import record
from search_points import SPACE, points

UNSCALED = replace(SPACE, lr_scaling=False)
OPTIMIZERS = st.sampled_from(SPACE.optimizers)
BATCHES = st.integers(1, 1079)


@given(points())
def test_a_coordinate_of_the_lr_survives_the_recipe_at_any_batch_size(point):
    recipe = SPACE.recipe(point)

    assert SPACE.recipe(SPACE.point(recipe)).optimizer.lr == recipe.optimizer.lr
    assert SPACE.point(recipe)["optimizer.lr"] == SPACE.units(recipe)["optimizer.lr"]
    if type(recipe.optimizer) is not LBFGS:  # whose default is an end of its range
        assert SPACE.units(recipe)["optimizer.lr"] == pytest.approx(point["optimizer.lr"], abs=2e-3)


@given(OPTIMIZERS, BATCHES)
def test_the_default_lr_is_the_middle_at_any_batch_size(optimizer, rows):
    space = replace(SPACE, batch_size=replace(SPACE.batch_size, low=rows, default=rows, high=rows))
    reference = space.reference(optimizer)

    assert space.units(reference)["optimizer.lr"] == 0.0
    assert space.recipe(space.point(reference)) == reference


@given(OPTIMIZERS, BATCHES, BATCHES)
def test_a_larger_batch_never_has_a_smaller_lr(optimizer, rows, other_rows):
    fewer, more = sorted((rows, other_rows))

    assert 0 < optimizer.lr_factor(fewer) <= optimizer.lr_factor(more)


@given(OPTIMIZERS)
def test_ranges_are_for_one_batch_size_and_grow_no_further_where_noise_ends(optimizer):
    assert optimizer.lr_factor(LR_ROWS) == 1.0
    assert optimizer.lr_factor(MOST_LR_ROWS) == optimizer.lr_factor(10 * MOST_LR_ROWS)


def test_each_family_has_its_rule():
    assert [choice.lr_factor(128) for choice in (SGD, AdamW, Prodigy)] == [4.0, 2.0, 1.0]


def test_an_optimizer_of_all_rows_keeps_its_lr():
    assert SPACE.reference(LBFGS).optimizer == LBFGS()


@given(points())
def test_a_search_that_began_without_the_rule_reads_every_lr_as_before(point):
    recipe = UNSCALED.recipe(point)
    same_at_any_batch = {
        UNSCALED.recipe(point | {"batch_size": unit}).optimizer.lr for unit in (-1.0, 0.0, 0.5, 1.0)
    }

    assert same_at_any_batch == {recipe.optimizer.lr}
    assert not StudyManifest.from_dict({"epochs": 9}).lr_scaling


def test_a_best_lr_on_the_end_is_told_with_the_range_at_its_batch_size():
    recipe = Recipe(optimizer=AdamW(lr=0.06), batch_size=128)
    best = record(0, params=recipe.to_params(), units=SPACE.units(recipe))
    (end,) = edges(Evidence(records=(best,), candidates=("AdamW",)))

    assert (end.end, end.value, end.span) == ("upper", 0.06, "6e-05 to 0.06, log")


def test_an_axis_of_learning_rates_reaches_to_those_of_large_batches():
    recipes = [Recipe(optimizer=AdamW(lr=lr), batch_size=rows) for lr, rows in ((1e-3, 32), (0.05, 128))]
    records = [record(number, params=recipe.to_params()) for number, recipe in enumerate(recipes)]
    (lr,) = (setting for setting in numbers(records, "AdamW") if setting.label == "lr")

    assert lr.span.high == 0.05
    assert not lr.known
