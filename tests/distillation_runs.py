"""Runs of a student, and teachers for them."""

from __future__ import annotations

import torch

from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.train import Training

LARGE, SMALL = MLP(width=32, depth=1), MLP(width=16, depth=1)


def training(workload, *, model=SMALL, optimizer=None, seed=0, epochs=2, **others):
    recipe = Recipe(
        optimizer=optimizer or SGD(lr=0.05), schedule=Constant(), model=model, epochs=epochs, **others
    )
    return Training(recipe, workload, seed=seed)


def teacher(workload, model=LARGE, seed=7, **others):
    run = training(workload, model=model, optimizer=AdamW(lr=0.01), seed=seed, epochs=3, **others)
    run.advance(3)
    return run.model


def batch(workload, rows=32):
    part = workload.dataset.train
    return torch.from_numpy(part.inputs[:rows]), torch.from_numpy(part.targets[:rows])


def batch_and_loss(run, inputs, targets):
    """Pass a batch through the run's transforms and return it with the loss on it."""
    run.model.eval()
    for transform in run.on_batch:
        inputs, targets = transform(inputs, targets)
    return inputs, targets, run.loss(run.model(inputs), targets)


def outputs(model, inputs):
    with torch.no_grad():
        return model.eval()(inputs).numpy()


def weights_equal(left, right):
    return all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))
