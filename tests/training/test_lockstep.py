"""Lockstep: a run in a stack gives the numbers that it gives by itself, and what goes wrong in one stays there."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from studies import catalogue
from studies.infeasible import Diverged
from studies.lockstep.fits import stacks
from studies.lockstep.lockstep import Lockstep
from studies.lockstep.stacked_step import StackedStep
from studies.lockstep.together import advance_together
from studies.lockstep.unstackable import Unstackable
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.optimizers.momentum import Momentum
from studies.optimizers.rmsprop import RMSprop
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.early_stopping import EarlyStopping
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.train import Training
from studies.wrappers.ema import EMA

from made_workloads import FORMS, MODELS, workload

ROWS, EPOCHS = 20, 4
CLOSE = 1e-10
OPTIMIZERS = {
    name: choice for name, choice in catalogue.choices("optimizer").items() if not choice.needs_closure
}
ATTACHMENTS = [
    *catalogue.choices("regularizers").values(),
    *[choice for choice in catalogue.choices("wrappers").values() if choice.pairs_with(Momentum)],
]


def in_float64(workload):
    def part(rows):
        return replace(rows, inputs=rows.inputs.astype(np.float64))

    dataset = workload.dataset
    parts = {name: part(getattr(dataset, name)) for name in ("train", "valid", "test")}
    return replace(workload, dataset=replace(dataset, **parts))


MODEL = MLP(width=8, depth=2, norm="batch")
TABLE = in_float64(replace(workload(FORMS["table"], MLP), model=MODEL))


def recipe(**changes):
    return replace(Recipe(model=MODEL, epochs=EPOCHS, batch_size=ROWS), **changes)


def training(recipe, workload=TABLE, *, seed=0):
    """Return a run in 64 bits, where nothing but an error of ours makes a difference."""
    torch.manual_seed(seed)
    return Training(recipe, workload, seed=seed, model=workload.build(recipe.model).double())


def numbers(run):
    points = [(point.train_loss, point.valid_loss, point.valid_metric) for point in run.curve]
    return points, [tensor.double().flatten() for tensor in run.model.state_dict().values()]


def difference(left, right):
    (points, tensors), (others, other_tensors) = numbers(left), numbers(right)
    assert len(points) == len(others)
    gaps = [
        abs(a - b)
        for point, other in zip(points, others, strict=True)
        for a, b in zip(point, other, strict=True)
    ]
    gaps += [float((a - b).abs().max()) for a, b in zip(tensors, other_tensors, strict=True) if len(a)]
    return max(gaps)


def both_ways(recipes, *, seeds=None, workload=TABLE):
    """Return runs that trained one after another, and the same ones as a stack."""
    seeds = seeds or [0] * len(recipes)
    alone, stacked = (
        [training(recipe, workload, seed=seed) for recipe, seed in zip(recipes, seeds, strict=True)]
        for _ in range(2)
    )
    for run in alone:
        run.advance(EPOCHS)
    assert len(stacks(stacked)) == 1
    assert Lockstep(stacked).advance(EPOCHS) == [True] * len(recipes)
    return alone, stacked


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_steps_in_a_stack_as_it_does_alone(name):
    choice = OPTIMIZERS[name]
    if getattr(choice, "extra", ""):
        pytest.importorskip(choice.extra.partition(":")[0])
    lr = choice().lr
    recipes = [recipe(optimizer=replace(choice(), lr=lr * share)) for share in (1.0, 0.3, 0.1)]

    for left, right in zip(*both_ways(recipes), strict=True):
        assert difference(left, right) < CLOSE


@pytest.mark.parametrize("choice", ATTACHMENTS, ids=lambda choice: choice.name())
def test_every_attachment_acts_in_a_stack_as_it_does_alone(choice):
    axis = choice.axis
    recipes = [recipe(optimizer=Momentum(lr=lr), **{axis: (choice(),)}) for lr in (0.1, 0.03, 0.01)]

    for left, right in zip(*both_ways(recipes, seeds=[0, 1, 0]), strict=True):
        assert difference(left, right) < CLOSE
