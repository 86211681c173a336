"""A small net, a batch for it, and the loop of any tutorial."""

from __future__ import annotations

import torch
from torch import nn

from studies.catalogue import find
from studies.optim.routing import route

STEPS = 50


def choice_of(name, **fields):
    return find("optimizer", name)(**fields)


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 10), nn.Tanh(), nn.Linear(10, 3))


def batch(seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(32, 6, generator=generator), torch.randint(0, 3, (32,), generator=generator)


def run(model, optimizer, steps=5):
    inputs, targets = batch()
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    return model


def groups(model, decay, **exempt):
    routes = route(model)
    return [
        {"params": routes.decayed, "weight_decay": decay},
        {"params": routes.exempt, "weight_decay": 0.0, **exempt},
    ]
