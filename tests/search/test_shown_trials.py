"""What TPE is shown without copying it leads to the recipes that Optuna's own sampler proposes of it."""

from __future__ import annotations

import math
import warnings

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import create_trial

from studies.compression.space import CompressionSpace
from studies.direction import Direction
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.optimizers.momentum import Momentum
from studies.optimizers.sgd import SGD
from studies.plans.search_space import SearchSpace
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.search.sampler import POOLED_BELOW, SEED_STRIDE, SWEEP, sample_recipes
from studies.space import Numeric

from records import record

OPTIMIZERS = (AdamW, SGD, Momentum)
OPTIONS = {
    "plain": {},
    "one batch size": {"batch_size": Numeric(low=32, high=32, default=32, scale="log", whole=True)},
    "one schedule": {"schedules": (Constant,)},
    "with the model": {"search_model": True},
    "with compression": {"compression": CompressionSpace.offered()},
}


def space_of(**options):
    usual = {
        "optimizers": OPTIMIZERS,
        "schedules": (Cosine, Constant),
        "regularizers": (Dropout,),
        "batch_size": Numeric(low=16, high=128, default=32, scale="log", whole=True),
        "model": MLP(),
        "epochs": 9,
    }
    return SearchSpace(**usual | options)


def searched(space, count, seed):
    """Return trials at random points of a space, some of them pruned or failed."""
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trials = []
    for number in range(count):
        recipe = space.recipe(drawn.ask(space.distributions).params)
        state = ("complete", "complete", "pruned", "failed")[(number + seed) % 4]
        quality = 0.5 + 0.4 * math.sin(number + seed)
        trials.append(
            record(number, recipe.optimizer.name(), quality, state=state, params=recipe.to_params())
        )
    return trials


def ranked(trials):
    """Return the trials with their ranks, an optimizer at a time, each from best to worst."""
    by_optimizer = {}
    for trial in trials:
        by_optimizer.setdefault(trial.optimizer, []).append(trial)
    tiers = {"complete": 0, "pruned": 1, "failed": 2}
    for group in by_optimizer.values():
        best_first = sorted(
            group, key=lambda t: (tiers[t.state], -t.epochs * (t.state != "complete"), _loss(t), t.number)
        )
        yield from ((rank / len(group), trial) for rank, trial in enumerate(best_first))


def _loss(trial):
    return -max((point.valid_metric for point in trial.curve), default=-math.inf)


def by_optuna_alone(space, trials, optimizer, *, count, seed):
    """Return what an ordinary TPE proposes, which is shown ordinary trials."""
    of_optimizer = [trial for trial in trials if trial.optimizer == optimizer]
    shown = of_optimizer if len(of_optimizer) >= POOLED_BELOW else trials
    free = {name: dist for name, dist in space.distributions.items() if name != "optimizer"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            seed=(seed + SEED_STRIDE * (1 + len(trials))) % 2**32,
            multivariate=True,
            constant_liar=True,
            n_startup_trials=5,
        )
    study = optuna.create_study(sampler=sampler)
    for value, trial in ranked(shown):
        point = space.point(Recipe.from_params(trial.params))
        params = {name: point[name] for name in free}
        study.add_trial(create_trial(value=value, params=params, distributions=free))
    return [space.recipe(study.ask(free).params | {"optimizer": optimizer}) for _ in range(count)]


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@given(trials=st.integers(0, 60), seed=st.integers(0, 2**40), count=st.integers(1, 4))
@settings(deadline=None, max_examples=15)
def test_the_recipes_are_those_of_optunas_own_sampler(options, trials, seed, count):
    space = space_of(**options)
    known = searched(space, trials, seed % 1000)
    for optimizer in ("AdamW", "SGD"):
        swept = sum(trial.optimizer == optimizer for trial in known)
        if swept < len(SWEEP):
            continue
        recipes = sample_recipes(
            space, known, optimizer, count=count, seed=seed, direction=Direction("maximize")
        )
        assert recipes == by_optuna_alone(space, known, optimizer, count=count, seed=seed)


def test_a_record_is_placed_in_the_space_once(monkeypatch):
    space, placed = space_of(), []
    known = searched(space, 40, 0)
    monkeypatch.setattr(SearchSpace, "point", _counting(placed))
    for count in (1, 2, 3):
        sample_recipes(space, known, "SGD", count=count, seed=0, direction=Direction("maximize"))

    shown = [trial for trial in known if trial.optimizer == "SGD"]
    assert len(shown) >= POOLED_BELOW
    assert len(placed) == len(shown) + 3  # and the reference of the sweep each time


def _counting(placed, point=SearchSpace.point):
    def counted(space, recipe):
        placed.append(recipe)
        return point(space, recipe)

    return counted
