"""Rows of every kind of data, and the models that take them."""

from __future__ import annotations

import copy

import pytest
import torch

from studies import catalogue
from studies.data.inputs import Inputs
from studies.optimizers.adamw import AdamW

LENGTH = 12
KINDS = {
    "table": Inputs(shape=(7,)),
    "wide": Inputs(shape=(600,)),
    "sparse": Inputs(shape=(40,), sparse=True),
    "image": Inputs(kind="image", shape=(1, 8, 8)),
    "colour": Inputs(kind="image", shape=(3, 9, 12)),
    "tiny": Inputs(kind="image", shape=(2, 4, 4)),
    "text": Inputs(kind="text", shape=(LENGTH,), vocabulary=30),
    "signal": Inputs(kind="signal", shape=(2, 32)),
    "short": Inputs(kind="signal", shape=(1, 4)),
}
TAKEN = {
    "Bag": {"text"},
    "CNN": {"image", "colour", "tiny"},
    "Conv1D": {"signal"},
    "FTTransformer": {"table"},
    "Linear": set(KINDS) - {"text"},
    "MLP": set(KINDS) - {"text"},
    "ResNet": {"image", "colour"},
    "TabularResNet": {"table", "wide", "sparse"},
    "Transformer": {"text"},
}
MODELS = {name: choice for name, choice in catalogue.choices("model").items() if name in TAKEN}
FITS = [
    pytest.param(MODELS[name], KINDS[kind], id=f"{name}-{kind}")
    for name in TAKEN
    for kind in KINDS
    if kind in TAKEN[name]
]
FIRST = [
    pytest.param(MODELS[name], KINDS[next(k for k in KINDS if k in TAKEN[name])], id=name) for name in TAKEN
]
TEXT = [pytest.param(MODELS[name], id=name) for name in TAKEN if "text" in TAKEN[name]]


def rows(inputs, count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    if inputs.kind == "text":
        return torch.randint(1, inputs.vocabulary + 1, (count, *inputs.shape), generator=generator)
    return torch.randn(count, *inputs.shape, generator=generator)


def build(choice, inputs, outputs=5, seed=0):
    torch.manual_seed(seed)
    return choice.build(inputs, outputs)


def with_drop_path(module, rate):
    module = copy.deepcopy(module)
    for part in module.modules():
        if hasattr(part, "drop_path"):
            part.drop_path = rate
    return module


def dense(gradient):
    return gradient.to_dense() if gradient.is_sparse else gradient


def train(module, inputs, targets, loss, steps=50):
    """Return the losses of `steps` steps of AdamW on all rows at once."""
    optimizer = AdamW().build(module, steps)
    module.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(module(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses
