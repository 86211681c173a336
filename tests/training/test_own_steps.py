"""The steps written here (Sophia, Adam-mini) against slow references and their own claims."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from studies.recipe import Recipe
from studies.train import Training

from nets import STEPS, choice_of


def test_sophia_moves_no_weight_further_than_lr(iris):
    recipe = Recipe(optimizer=choice_of("Sophia", lr=0.01, decay_horizon=1e9), model=iris.model, epochs=5)
    training = Training(recipe, iris, seed=0)
    moves = []
    before = [p.detach().clone() for p in training.model.parameters()]

    def watch():
        now = [p.detach().clone() for p in training.model.parameters()]
        moves.append(max((a - b).abs().max().item() for a, b in zip(now, before, strict=True)))
        before[:] = now

    training.after_step.append(watch)
    training.advance(5)

    assert len(moves) == training.total_steps
    assert 0 < max(moves) <= 0.01 * (1 + 1e-4)


def test_sophia_estimates_curvature_every_ten_steps_only(iris):
    training = Training(Recipe(optimizer=choice_of("Sophia"), model=iris.model, epochs=6), iris, seed=0)
    weight = next(training.model.parameters())
    curvatures = []
    training.after_step.append(
        lambda: curvatures.append(training.optimizer.state[weight]["curvature"].clone())
    )
    training.advance(6)
    changed = [i for i in range(1, len(curvatures)) if not torch.equal(curvatures[i], curvatures[i - 1])]

    assert curvatures[0].abs().sum() > 0
    assert (curvatures[0] >= 0).all()
    assert changed == [i for i in range(1, len(curvatures)) if i % 10 == 0]


def test_sophia_estimates_the_gauss_newton_diagonal():
    torch.manual_seed(0)
    model = nn.Linear(3, 3, bias=False)
    inputs = torch.randn(64, 3)
    probabilities = model(inputs).softmax(dim=1)
    exact = ((probabilities * (1 - probabilities)).T @ inputs.square() / len(inputs)).detach()
    optimizer = choice_of("Sophia").build(model, STEPS)
    estimates = []
    for _ in range(300):
        optimizer.state.clear()
        optimizer.curve(model, inputs)
        estimates.append(optimizer.state[model.weight]["curvature"] / (1 - 0.99))

    mean = torch.stack(estimates).mean(dim=0)
    torch.testing.assert_close(mean.sum(), exact.sum(), rtol=0.15, atol=0)
    torch.testing.assert_close(mean, exact, rtol=0.5, atol=0.02)


def test_adam_mini_is_adamw_where_a_row_holds_one_weight():
    ours, theirs = nn.Linear(1, 4, bias=False), nn.Linear(1, 4, bias=False)
    theirs.load_state_dict(ours.state_dict())
    choice = choice_of("AdamMini", lr=0.01)
    twin = torch.optim.AdamW(theirs.parameters(), lr=0.01, **choice.in_torch(STEPS))
    optimizer = choice.build(ours, STEPS)
    for seed in range(5):
        for model, steps in ((ours, optimizer), (theirs, twin)):
            torch.manual_seed(seed)
            model.weight.grad = torch.randn(4, 1)
            steps.step()

    torch.testing.assert_close(ours.weight, theirs.weight)


def test_adam_mini_keeps_one_second_moment_a_row():
    model = nn.Linear(3, 2)
    optimizer = choice_of("AdamMini").build(model, STEPS)
    model.weight.grad, model.bias.grad = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 3.0]]), torch.ones(2)
    optimizer.step()

    square = optimizer.state[model.weight]["square"]
    torch.testing.assert_close(square, 0.001 * torch.tensor([[14 / 3], [3.0]]))


def drawn(model, seed):
    """Give every parameter a random gradient; return them as lists of numbers in 64 bits."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return [parameter.grad.double() for parameter in model.parameters()]


def test_adam_mini_matches_a_slow_loop_over_rows():
    """A matrix, a kernel and vectors; each step is compared."""
    choice = choice_of("AdamMini", lr=0.02, beta1=0.8, beta2=0.95, decay_horizon=0.5)
    decay = choice.in_torch(STEPS)["weight_decay"]
    model = nn.Sequential(nn.Linear(3, 4), nn.Conv1d(2, 3, 2))
    optimizer = choice.build(model, STEPS)
    expected = [parameter.detach().double() for parameter in model.parameters()]
    means, squares = [torch.zeros_like(weight) for weight in expected], [{} for _ in expected]
    for step in range(1, 6):
        gradients = drawn(model, step)
        optimizer.step()
        for weight, mean, square, gradient in zip(expected, means, squares, gradients, strict=True):
            blocks = range(len(weight)) if weight.ndim >= 2 else [slice(None)]
            weight.mul_(1 - 0.02 * decay if weight.ndim >= 2 else 1)
            for block in blocks:
                mean[block] = 0.8 * mean[block] + 0.2 * gradient[block]
                mean_square = (
                    sum(value.item() ** 2 for value in gradient[block].flatten()) / gradient[block].numel()
                )
                square[str(block)] = 0.95 * square.get(str(block), 0.0) + 0.05 * mean_square
                spread = math.sqrt(square[str(block)] / (1 - 0.95**step)) + 1e-8
                weight[block] -= 0.02 * mean[block] / (1 - 0.8**step) / spread
        for parameter, weight in zip(model.parameters(), expected, strict=True):
            torch.testing.assert_close(parameter.detach().double(), weight, rtol=1e-4, atol=1e-6)


def test_sophia_matches_a_slow_loop_over_weights_for_a_given_curvature():
    choice = choice_of("Sophia", lr=0.02, beta1=0.8, gamma=0.1, decay_horizon=0.5)
    decay = choice.in_torch(STEPS)["weight_decay"]
    model = nn.Linear(3, 4)
    optimizer = choice.build(model, STEPS)
    expected = [parameter.detach().double() for parameter in model.parameters()]
    means = [torch.zeros_like(weight) for weight in expected]
    clipped = []
    for step in range(1, 6):
        gradients = drawn(model, step)
        curvatures = [
            torch.rand(weight.shape, generator=torch.Generator().manual_seed(step)) * 9 for weight in expected
        ]
        for parameter, curvature in zip(model.parameters(), curvatures, strict=True):
            optimizer.of(parameter)["curvature"].copy_(curvature)
        optimizer.step()
        for weight, mean, gradient, curvature in zip(expected, means, gradients, curvatures, strict=True):
            for index in np.ndindex(*weight.shape):
                mean[index] = 0.8 * mean[index] + 0.2 * gradient[index]
                move = mean[index].item() / max(0.1 * curvature[index].item(), 1e-12)
                clipped.append(abs(move) > 1)
                shrunk = 1 - 0.02 * decay if weight.ndim >= 2 else 1
                weight[index] = weight[index] * shrunk - 0.02 * max(-1.0, min(1.0, move))
        for parameter, weight in zip(model.parameters(), expected, strict=True):
            torch.testing.assert_close(parameter.detach().double(), weight, rtol=1e-4, atol=1e-6)

    assert 0 < sum(clipped) < len(clipped)
