"""Optimizers against oracles: ours against slow loops, torch's against a plain loop."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn, optim

from studies.catalogue import find
from studies.facts import Facts
from studies.measure.model import state_bytes
from studies.optim.muon import orthogonal
from studies.optim.routing import route
from studies.optimizers.adam import Adam
from studies.optimizers.adamw import AdamW
from studies.optimizers.asgd import ASGD
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.muon import Muon
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.train import Training

STEPS = 5


def dense():
    """A convolution, a norm, a hidden layer and a head."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.Flatten(),
        nn.LayerNorm(16),
        nn.Linear(16, 24),
        nn.Tanh(),
        nn.Linear(24, 16),
        nn.Tanh(),
        nn.Linear(16, 2),
    )


def images():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(12, 1, 4, 4, generator=generator), torch.randint(0, 2, (12,), generator=generator)


def follow(model, optimizer, steps=STEPS):
    """Step on the images, as the loop of any tutorial does."""
    inputs, targets = images()

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)


def gradients(model, seed):
    """Give every parameter a random gradient."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


# what torch is to be given for each file: arguments of the choice, the optimizer, its arguments
TORCH = {
    "SGD": ({"lr": 0.2}, optim.SGD, {"lr": 0.2, "fused": True}),
    "Momentum": ({"lr": 0.2, "momentum": 0.8}, optim.SGD, {"lr": 0.2, "momentum": 0.8, "fused": True}),
    "Nesterov": (
        {"lr": 0.2, "momentum": 0.8},
        optim.SGD,
        {"lr": 0.2, "momentum": 0.8, "nesterov": True, "fused": True},
    ),
    "Adagrad": ({"lr": 0.2}, optim.Adagrad, {"lr": 0.2, "fused": True}),
    "RMSprop": ({"lr": 0.01, "alpha": 0.9}, optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "foreach": True}),
    "Adam": ({"lr": 0.01, "amsgrad": True}, optim.Adam, {"lr": 0.01, "amsgrad": True, "fused": True}),
    "Adadelta": ({"lr": 3.0, "rho": 0.8}, optim.Adadelta, {"lr": 3.0, "rho": 0.8, "foreach": True}),
    "Adamax": (
        {"lr": 0.01, "beta1": 0.8},
        optim.Adamax,
        {"lr": 0.01, "betas": (0.8, 0.999), "foreach": True},
    ),
    "ASGD": (
        {"lr": 0.2, "start": 0.4},
        optim.ASGD,
        {"lr": 0.2, "lambd": 0.0, "t0": 0.4 * STEPS, "foreach": True},
    ),
    "Rprop": ({"lr": 0.02}, optim.Rprop, {"lr": 0.02, "foreach": True}),
    "LBFGS": (
        {"history_size": 7},
        optim.LBFGS,
        {"lr": 1.0, "history_size": 7, "line_search_fn": "strong_wolfe"},
    ),
}

DECAY = 1 / (0.01 * STEPS * 0.5)
DECAYED = {
    "AdamW": (
        {"decay_horizon": 0.5, "amsgrad": True},
        optim.AdamW,
        {"weight_decay": DECAY, "amsgrad": True, "fused": True},
    ),
    "NAdamW": (
        {"decay_horizon": 0.5, "beta1": 0.9, "beta2": 0.98},
        optim.NAdam,
        {"weight_decay": DECAY, "betas": (0.9, 0.98), "decoupled_weight_decay": True, "foreach": True},
    ),
    "RAdam": (
        {"decay_horizon": 0.5, "beta2": 0.9},
        optim.RAdam,
        {"weight_decay": DECAY, "betas": (0.9, 0.9), "decoupled_weight_decay": True, "foreach": True},
    ),
    "Adafactor": (
        {"weight_decay": 0.7, "least_scale": 0.1},
        optim.Adafactor,
        {"weight_decay": 0.7, "eps": (None, 0.1), "foreach": True},
    ),
}


def same_weights(left, right):
    return all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


@pytest.mark.parametrize("name", TORCH)
def test_it_is_torchs_own_bit_for_bit(name):
    fields, plain, arguments = TORCH[name]
    ours, theirs = dense(), dense()
    follow(ours, find("optimizer", name)(**fields).build(ours, STEPS))
    follow(theirs, plain(theirs.parameters(), **arguments))

    assert same_weights(ours, theirs)
    assert not same_weights(ours, dense())


@pytest.mark.parametrize("name", DECAYED)
def test_it_is_torchs_own_with_decay_on_all_but_biases_and_norms(name):
    fields, plain, arguments = DECAYED[name]
    ours, theirs = dense(), dense()
    follow(ours, find("optimizer", name)(lr=0.01, **fields).build(ours, STEPS))
    weights = [p for p in theirs.parameters() if p.ndim >= 2]
    rest = [{"params": [p for p in theirs.parameters() if p.ndim < 2], "weight_decay": 0.0}]
    follow(theirs, plain([{"params": weights}, *rest], lr=0.01, **arguments))

    assert same_weights(ours, theirs)


@pytest.mark.parametrize(
    "choice", [Adam(amsgrad=True), AdamW(amsgrad=True)], ids=lambda choice: choice.name()
)
def test_amsgrad_keeps_a_third_float(choice):
    layer = nn.Linear(7, 5)
    gradients(layer, 0)
    optimizer = choice.build(layer, 10)
    optimizer.step()

    assert state_bytes(optimizer) == choice.state_bytes((5, 7)) + choice.state_bytes((5,)) == 4 * (3 * 40 + 2)


def pulled(value):
    """Five rounds of Muon's quintic on one singular value."""
    for _ in range(5):
        value = 3.4445 * value - 4.7750 * value**3 + 2.0315 * value**5
    return value


def slow_direction(matrix):
    """Singular values one by one, in 64 bits."""
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    norm = math.sqrt(sum(value.item() ** 2 for value in values))
    total = torch.zeros_like(matrix)
    for i, value in enumerate(values):
        total += pulled(value.item() / norm) * torch.outer(left[:, i], right[i])
    return total


@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_matches_a_slow_loop_over_singular_values(nesterov):
    """Matrices wide, tall and alike in shape, and a kernel; each step is compared."""
    choice = Muon(lr=0.02, momentum=0.9, nesterov=nesterov, weight_decay=0.5)
    model = nn.Sequential(
        nn.Conv2d(2, 5, 3), nn.Linear(6, 9), nn.Linear(9, 4), nn.Linear(6, 9), nn.Linear(4, 3)
    )
    optimizer = choice.build(model, STEPS)
    matrices = [model[i].weight for i in range(4)]
    expected = [weight.detach().double() for weight in matrices]
    means = [torch.zeros_like(weight) for weight in expected]
    for step in range(STEPS):
        gradients(model, step)
        optimizer.step()
        for i, weight in enumerate(matrices):
            gradient = weight.grad.double()
            means[i] = 0.9 * means[i] + 0.1 * gradient
            ahead = 0.9 * means[i] + 0.1 * gradient if nesterov else means[i]
            rows, columns = len(weight), weight.numel() // len(weight)
            move = 0.2 * math.sqrt(max(rows, columns)) * slow_direction(ahead.reshape(rows, columns))
            expected[i] = (1 - 0.02 * 0.5) * expected[i] - 0.02 * move.reshape(weight.shape)

            torch.testing.assert_close(weight.detach().double(), expected[i], rtol=0, atol=1e-5)


def test_muon_leaves_the_head_and_vectors_to_adamw():
    ours, theirs = dense(), dense()
    choice = Muon(lr=0.02, partner_lr_ratio=0.5, weight_decay=0.3)
    optimizer = choice.build(ours, STEPS)
    vectors = [parameter for parameter in theirs.parameters() if parameter.ndim < 2]
    plain = optim.AdamW([theirs[-1].weight, *vectors], lr=0.01, weight_decay=0.0, fused=True)
    plain.param_groups[0]["params"] = vectors
    plain.add_param_group({"params": [theirs[-1].weight], "weight_decay": 0.3})
    for step in range(STEPS):
        gradients(ours, step)
        gradients(theirs, step)
        optimizer.step()
        plain.step()

    for (name, left), right in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        served_by_adamw = (
            choice.serves(next(role for n, _, role in route(ours).roles if n == name)) == "AdamW"
        )
        assert torch.equal(left, right) == served_by_adamw == (left.ndim < 2 or left is ours[-1].weight), name


@pytest.mark.parametrize("shape", [(32, 64), (3, 48), (80, 20)])
def test_muons_step_is_nearly_orthogonal_and_as_long_as_adamws(shape):
    torch.manual_seed(0)
    step = orthogonal(torch.randn(2, *shape) + 0.1)
    values = torch.linalg.svdvals(step)
    rms = 0.2 * math.sqrt(max(shape)) * step.square().mean().sqrt()

    assert values.min() > 0.6
    assert values.max() < 1.3
    assert 0.15 < rms < 0.25


@pytest.mark.parametrize(
    ("facts", "clause"),
    [
        (Facts(is_linear=True, matrix_share=0.0), "linear"),
        (Facts(matrix_share=0.1, convolution_share=0.12), "22 %"),
        (Facts(matrix_share=0.1, convolution_share=0.5), None),
        (Facts(), None),
    ],
)
def test_muon_says_where_it_would_be_adamw(facts, clause):
    assert clause is None if Muon.misfit(facts) is None else clause in Muon.misfit(facts)


@pytest.mark.parametrize(
    ("facts", "clause"),
    [
        (Facts(rows=50_000), "50,000"),
        (Facts(has_batchnorm=True), "batch norm"),
        (Facts(parameters=3_000_000), "3,000,000"),
        (Facts(), None),
    ],
)
def test_lbfgs_says_what_is_too_much_for_it(facts, clause):
    assert clause is None if LBFGS.misfit(facts) is None else clause in LBFGS.misfit(facts)


def test_lbfgs_trains_on_the_whole_set(iris):
    run = Training(
        Recipe(optimizer=LBFGS(), schedule=Constant(), model=iris.model, epochs=3, batch_size=iris.rows),
        iris,
        seed=0,
    )
    run.advance(3)

    assert run.curve[-1].train_loss < 0.1 * run.curve[0].train_loss


def test_asgd_averages_the_later_weights_and_measures_them(iris):
    run = Training(
        Recipe(
            optimizer=ASGD(lr=0.3, start=0.5), schedule=Constant(), model=iris.model, epochs=4, batch_size=30
        ),
        iris,
        seed=0,
    )
    iterates = []
    run.after_step.append(lambda: iterates.append(copy.deepcopy(list(run.model.parameters()))))
    run.advance(4)
    first = run.total_steps // 2 + 2  # torch's average starts with the weights of this step
    last = iterates[-1]

    with run.readouts[0]():
        for i, parameter in enumerate(run.model.parameters()):
            mean = torch.stack([weights[i] for weights in iterates[first - 1 :]]).mean(0)
            torch.testing.assert_close(parameter, mean)
            assert not torch.equal(parameter, last[i])
    assert all(torch.equal(a, b) for a, b in zip(run.model.parameters(), last, strict=True))
