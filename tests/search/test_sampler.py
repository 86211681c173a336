"""What is proposed depends on the records and a seed alone, and varies all that was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies import catalogue
from studies.compression.space import CompressionSpace
from studies.direction import Direction
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.plans.search_space import SearchSpace
from studies.proposals.flat_space import FlatSpace
from studies.proposals.gaussian_process import GaussianProcess
from studies.proposals.improvement import MOST, expected_improvement, process_of, propose
from studies.recipe import Recipe
from studies.search.sampler import sample_recipes
from studies.space import Numeric, ranges

from records import record

OPTIMIZERS = ("AdamW", "SGD", "Momentum", "Lion", "Muon", "RMSprop", "ScheduleFreeAdamW", "LBFGS")
SCHEDULES = ("Cosine", "Constant", "Step", "OneCycle", "LinearDecay", "Polynomial")
REGULARIZERS = ("Dropout", "L1", "LabelSmoothing", "WeightDecay")
OPTIONS = {
    "plain": {},
    "one batch size": {"batch_size": Numeric(low=32, high=32, default=32, scale="log", whole=True)},
    "one schedule": {"schedules": ("Constant",)},
    "wrappers": {"wrappers": ("EMA", "Lookahead")},
    "with the model": {"search_model": True},
    "with compression": {"compression": CompressionSpace.offered()},
    "schedule and betas unread": {"unread": ("schedule", "optimizer.AdamW.beta1")},
    "regularizers and wrappers unread": {"wrappers": ("SAM",), "unread": ("regularizers", "wrappers")},
    "next to nothing read": {
        "unread": ("schedule", "regularizers", "batch_size", *(f"optimizer.{name}.lr" for name in OPTIMIZERS))
    },
}
MAXIMIZE = Direction("maximize")


def space_of(**options):
    usual = {
        "optimizers": OPTIMIZERS,
        "schedules": SCHEDULES,
        "regularizers": REGULARIZERS,
        "wrappers": (),
        "batch_size": Numeric(low=16, high=128, default=32, scale="log", whole=True),
        "model": MLP(),
        "epochs": 9,
    } | options
    for axis in ("optimizers", "schedules", "regularizers", "wrappers"):
        kind = axis.removesuffix("s") if axis in {"optimizers", "schedules"} else axis
        usual[axis] = tuple(catalogue.find(kind, name) for name in usual[axis])
    return SearchSpace(**usual)


def searched(space, count, seed):
    """Return trials at random points of a space, some of them pruned or failed."""
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trials = []
    for number in range(count):
        recipe = space.recipe(drawn.ask(space.distributions).params)
        state = ("complete", "complete", "pruned", "failed")[(number + seed) % 4]
        quality = 0.5 + 0.4 * math.sin(number + seed)
        params = recipe.to_params()
        trials.append(record(number, recipe.optimizer.name(), quality, state=state, params=params))
    return trials


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@given(trials=st.integers(0, 40), seed=st.integers(0, 2**70), count=st.integers(1, 4))
@settings(deadline=None, max_examples=3)
def test_the_same_records_and_seed_give_the_same_recipes_of_the_optimizer(options, trials, seed, count):
    space = space_of(**options)
    known = searched(space, trials, seed % 1000)
    for optimizer in ("AdamW", "ScheduleFreeAdamW", "LBFGS"):
        ask = {"count": count, "seed": seed, "direction": MAXIMIZE}
        recipes = sample_recipes(space, known, optimizer, **ask)
        assert recipes == sample_recipes(space_of(**options), list(known), optimizer, **ask)
        assert [recipe.optimizer.name() for recipe in recipes] == [optimizer] * count
        assert all(space.recipe(space.point(recipe)) == recipe for recipe in recipes)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=3)
def test_a_row_of_the_flat_space_and_its_recipe_say_the_same(options, seed):
    space = space_of(**options)
    chance = np.random.default_rng(seed)
    for optimizer in ("AdamW", "ScheduleFreeAdamW", "LBFGS"):
        flat = FlatSpace(space=space, optimizer=optimizer)
        for row in flat.draw(3, chance):
            recipe = space.recipe(flat.point(row))
            again = flat.row(space.point(recipe))
            assert space.recipe(flat.point(again)) == recipe
            if space.compression is None:  # of which a recipe leaves out what has no effect
                assert np.abs(again - row).max() < 0.5  # whole numbers round


def test_within_forty_trials_everything_asked_for_varies():
    space = space_of(optimizers=OPTIMIZERS[:7])
    known = []

    def train(recipe):
        lr, batch = space.units(recipe)["optimizer.lr"], space.units(recipe)["batch_size"]
        quality = 0.9 - 0.2 * (lr - 0.4) ** 2 - 0.05 * batch**2 - 0.02 * len(recipe.regularizers)
        params = recipe.to_params()
        known.append(record(len(known), recipe.optimizer.name(), quality, params=params))

    for choice in space.optimizers:
        train(space.reference(choice))
    for place in range(33):
        name = space.optimizers[place % 7].name()
        train(sample_recipes(space, known, name, count=1, seed=0, direction=MAXIMIZE)[0])
    raced = [Recipe.from_params(trial.params) for trial in known[7:]]
    regularized = sum(bool(recipe.regularizers) for recipe in raced)
    assert len({recipe.schedule.name() for recipe in raced}) >= 5
    assert {choice.name() for recipe in raced for choice in recipe.regularizers} == set(REGULARIZERS)
    assert 5 <= regularized <= 28
    assert len({recipe.batch_size for recipe in raced}) > 10


def test_some_proposals_are_far_from_the_favourite():
    space = space_of(optimizers=("AdamW",), schedules=("Cosine",), regularizers=())
    known = searched(space, 12, 0)
    flat, distances = FlatSpace(space=space, optimizer="AdamW"), []
    for tried in range(20):
        (recipe,) = sample_recipes(space, known, "AdamW", count=1, seed=3, direction=MAXIMIZE)
        row = flat.row(space.point(recipe))
        quality = 0.99 - float(((row - 0.6) ** 2).sum())
        known.append(record(12 + tried, "AdamW", quality, params=recipe.to_params()))
        distances.append(float(np.abs(row - 0.6).max()))
    assert sum(distance > 0.25 for distance in distances) >= 3


def test_what_a_function_never_reads_is_not_searched():
    space = space_of(optimizers=("AdamW",), unread=("schedule", "optimizer.AdamW.lr"))
    names = FlatSpace(space=space, optimizer="AdamW").names
    assert "optimizer.beta2" in names
    assert not [name for name in names if name.startswith("schedule") or name == "optimizer.lr"]
    recipes = sample_recipes(space, [], "AdamW", count=3, seed=0, direction=MAXIMIZE)
    assert {recipe.optimizer.lr for recipe in recipes} == {space.reference(space.optimizers[0]).optimizer.lr}


@given(seed=st.integers(0, 2**32), trials=st.integers(2, 30), coordinates=st.integers(1, 6))
@settings(deadline=None, max_examples=15)
def test_the_process_goes_through_what_it_was_told_and_doubts_what_is_far(seed, trials, coordinates):
    chance = np.random.default_rng(seed)
    places = chance.random((trials, coordinates)) / 2
    values = np.sin(5 * places[:, 0])
    process = GaussianProcess.fit(places, values, options=np.zeros(coordinates, dtype=bool))
    mean, deviation = process.predict(np.vstack([places, np.full((1, coordinates), 5.0)]))
    assert np.abs(mean[:-1] - values).max() <= 1.5 * np.abs(values - values.mean()).max() + 1e-9
    assert (deviation[:-1] <= deviation[-1] + 1e-9).all()


@given(best=st.floats(-5, 5), mean=st.floats(-5, 5), deviation=st.floats(1e-3, 5))
def test_expected_improvement_is_at_least_that_of_the_mean(best, mean, deviation):
    (gain,) = expected_improvement(np.array([mean]), np.array([deviation]), best)
    assert gain >= max(best - mean, 0.0) - 1e-9


@dataclass
class Cube:
    options: np.ndarray

    def draw(self, count, chance):
        drawn = chance.random((count, len(self.options)))
        return np.where(self.options > 0, np.floor(drawn * self.options), drawn)

    def clean(self, rows):
        return rows

    def settled(self, row):
        return row


def test_a_process_of_very_many_trials_is_of_the_best_and_of_others_from_all_over():
    cube, chance = Cube(options=np.zeros(2, dtype=int)), np.random.default_rng(0)
    places = chance.random((5000, 2))
    losses = ((places - 0.3) ** 2).sum(axis=1)
    ranks = {tuple(place): rank for rank, place in enumerate(places[np.argsort(losses)])}
    ranks_shown = sorted(ranks[tuple(place)] for place in process_of(places, losses, cube).places)

    assert len(ranks_shown) == MOST
    assert ranks_shown[: MOST // 2] == [*range(MOST // 2)]
    assert ranks_shown[-1] == 4999


ENDS = {  # where values beside one another mean the same
    "one rate": {"schedules": ("Constant",), "regularizers": ()},
    "few batch sizes": {"batch_size": Numeric(low=16, high=19, default=17, scale="log", whole=True)},
    "everything": {"search_model": True},
}


@pytest.mark.parametrize("options", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("best_unit", [-1.0, 0.3, 1.0])
def test_no_recipe_is_proposed_twice(options, best_unit):
    """The best rate may be an end of the range, where many places mean one recipe."""
    space = space_of(**{"optimizers": ("AdamW",), **options})
    records = []
    for _ in range(12):
        for recipe in sample_recipes(space, records, "AdamW", count=3, seed=3, direction=MAXIMIZE):
            quality = -abs(space.units(recipe)["optimizer.lr"] - best_unit)
            records.append(record(len(records), "AdamW", quality, params=recipe.to_params()))

    proposed = [tuple(sorted(each.params.items())) for each in records]
    assert len(set(proposed)) == len(proposed) == 36


def test_all_recipes_of_a_space_of_few_are_proposed():
    sizes = Numeric(low=16, high=20, default=18, scale="log", whole=True)
    fields = [f"optimizer.AdamW.{name}" for name in ranges(AdamW)]
    unread = ("schedule", "regularizers", *fields)
    space = space_of(optimizers=("AdamW",), batch_size=sizes, unread=unread)
    records = []
    for _ in range(3):
        for recipe in sample_recipes(space, records, "AdamW", count=3, seed=0, direction=MAXIMIZE):
            records.append(record(len(records), "AdamW", 0.5, params=recipe.to_params()))

    assert {run.params["batch_size"] for run in records} == {16, 17, 18, 19, 20}


def test_a_bowl_is_walked_down_in_few_proposals():
    cube = Cube(options=np.array([0, 0, 0, 3]))
    chance = np.random.default_rng(0)
    places = cube.draw(4, chance)

    def loss(rows):
        return ((rows[:, :3] - 0.7) ** 2).sum(axis=1) + 0.2 * (rows[:, 3] != 1)

    for seed in range(20):
        (place,) = propose(places, loss(places), cube, count=1, far_share=0.0, seed=seed)
        places = np.vstack([places, place])
    assert loss(places).min() < min(loss(cube.draw(24, chance)).min() / 4, 0.01)
