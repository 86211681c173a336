"""The steps written here (Sophia, Adam-mini) against slow references and their own claims."""

from __future__ import annotations

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
    training.after_step.append(lambda: curvatures.append(training.optimizer.state[weight]["curvature"].clone()))
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
