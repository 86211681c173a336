"""Training functions as users write them, for tests that run or search them."""

from __future__ import annotations

import torch

GOAL = torch.tensor([0.1, -0.2, 0.05])


def step_once(recipe):
    """Take one step of a recipe's optimizer, the least that a training function has to do."""
    weights = torch.nn.Linear(1, 1)
    optimizer = recipe.optimizer.build(weights, recipe.epochs)
    weights(torch.ones(1, 1)).sum().backward()
    optimizer.step()


def descend(recipe, report, seed):
    """Minimize a quadratic from a random start near zero, ten steps an epoch."""
    start = torch.nn.Parameter(torch.randn(3) / 100)
    model = torch.nn.Module()
    model.start = start
    optimizer = recipe.optimizer.build(model, 10 * recipe.epochs)
    for epoch in range(recipe.epochs):
        for _ in range(10):
            optimizer.zero_grad()
            loss = ((start - GOAL) ** 2).sum()
            loss.backward()
            optimizer.step()
        if report(epoch + 1, loss.item()):
            return None
    return model
