"""Optimizers from other packages: the same steps and decay as the package makes with these arguments."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from studies.optim.routing import route

from nets import STEPS, batch, choice_of, groups, net, run

pytest.importorskip("pytorch_optimizer")
pytest.importorskip("schedulefree")


def library(name):
    import pytorch_optimizer

    return getattr(pytorch_optimizer, name)


def free(name):
    import schedulefree

    return getattr(schedulefree, name)


def rmsprop_graft():
    from pytorch_optimizer.optimizer.utils.graft import LayerWiseGrafting

    return LayerWiseGrafting.RMSPROP


DECAY = 1 / (1e-3 * STEPS * 2)
"""What lr 1e-3 and a horizon of 2 runs of 50 steps mean."""

TWINS = {
    "Lion": lambda g: library("Lion")(g(DECAY), lr=1e-3, betas=(0.9, 0.98), weight_decouple=True),
    "AdaBelief": lambda g: library("AdaBelief")(
        g(DECAY), lr=1e-3, betas=(0.9, 0.999), weight_decouple=True, eps=1e-16
    ),
    "ADOPT": lambda g: library("ADOPT")(g(DECAY), lr=1e-3, betas=(0.9, 0.999), weight_decouple=True),
    "LAMB": lambda g: library("Lamb")(g(DECAY, adam=True), lr=1e-3, betas=(0.9, 0.999), weight_decouple=True),
    "Signum": lambda g: library("SignSGD")(g(DECAY), lr=1e-3, momentum=0.9, weight_decouple=True),
    "Adan": lambda g: library("Adan")(g(DECAY), lr=1e-3, betas=(0.98, 0.92, 0.99), weight_decouple=True),
    "AdEMAMix": lambda g: library("AdEMAMix")(
        g(DECAY), lr=1e-3, betas=(0.9, 0.999, 0.999), alpha=5.0, t_alpha_beta3=STEPS, weight_decouple=True
    ),
    "MARS": lambda g: library("MARS")(
        g(DECAY), lr=1e-3, betas=(0.95, 0.99), gamma=0.025, lr_1d=1e-3, weight_decay_1d=0.0
    ),
    "CAME": lambda g: library("CAME")(g(DECAY), lr=1e-3, betas=(0.9, 0.999, 0.9999), weight_decouple=True),
    "SOAP": lambda g: library("SOAP")(g(DECAY), lr=1e-3, betas=(0.95, 0.98), max_precondition_dim=1024),
    "Shampoo": lambda g: library("ScalableShampoo")(
        g(DECAY), lr=1e-3, betas=(0.95, 0.999), moving_average_for_momentum=True, decoupled_weight_decay=True,
        start_preconditioning_step=50, preconditioning_compute_steps=50, block_size=128,
        skip_preconditioning_rank_lt=2, shape_interpretation=False, graft_type=rmsprop_graft(),
    ),
    "ScheduleFreeAdamW": lambda g: free("AdamWScheduleFree")(
        g(DECAY), lr=1e-3, betas=(0.9, 0.999), warmup_steps=1
    ),
}  # fmt: skip
"""Each written out with the arguments that its choice should pass."""


@pytest.mark.parametrize("name", TWINS)
def test_steps_as_the_library_does_with_the_same_arguments(name):
    ours, theirs = net(), net()
    twin = TWINS[name](lambda decay, **exempt: groups(theirs, decay, **exempt))
    if hasattr(twin, "train"):
        twin.train()
    run(ours, choice_of(name, lr=1e-3, decay_horizon=2.0).build(ours, STEPS))
    run(theirs, twin)

    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


PLAIN = {
    "LARS": lambda m: library("LARS")(
        [{"params": route(m).decayed}, {"params": route(m).exempt, "lr": 0.1}],
        lr=5.0,
        momentum=0.9,
        trust_coefficient=1e-3,
    ),
    "ScheduleFreeSGD": lambda m: free("SGDScheduleFree")(
        m.parameters(), lr=1.0, momentum=0.9, warmup_steps=1
    ),
    "Prodigy": lambda m: library("Prodigy")(
        groups(m, 0.05),
        lr=1.0,
        d_coef=1.0,
        betas=(0.9, 0.999),
        weight_decouple=True,
        bias_correction=True,
        safeguard_warmup=True,
    ),
    "DAdaptAdam": lambda m: library("DAdaptAdam")(
        groups(m, 0.05), lr=1.0, betas=(0.9, 0.999), weight_decouple=True
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_steps_as_the_library_does_at_its_defaults(name):
    ours, theirs = net(), net()
    twin = PLAIN[name](theirs)
    if hasattr(twin, "train"):
        twin.train()
    run(ours, choice_of(name).build(ours, STEPS))
    run(theirs, twin)

    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize(("name", "twin", "scale", "options"), [
    ("GaLore", "GaLore", 0.25, {}), ("Apollo", "APOLLO", 1.0, {"scale_type": "channel"}),
])  # fmt: skip
def test_projects_hidden_matrices_only(name, twin, scale, options):
    ours, theirs = net(), net()
    low = {"rank": 4, "update_proj_gap": 200, "scale": scale, "projection_type": "std", "weight_decay": DECAY}
    parts = [
        {"params": [theirs[0].weight, theirs[2].weight], **low},
        {"params": [theirs[4].weight], "weight_decay": DECAY},
        {"params": route(theirs).exempt},
    ]
    torch.manual_seed(5)  # of the random sketch
    run(ours, choice_of(name, lr=1e-3, decay_horizon=2.0, rank=4).build(ours, STEPS))
    torch.manual_seed(5)
    run(theirs, library(twin)(parts, lr=1e-3, betas=(0.9, 0.999), **options))

    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


HORIZON = [name for name in TWINS if name != "SOAP"] + ["AdamMini", "Sophia", "GaLore"]


@pytest.mark.parametrize("name", [*HORIZON, "SOAP", "Apollo"])
def test_decay_shrinks_weights_by_the_stated_share_and_leaves_biases_alone(name):
    choice = choice_of(name, lr=1e-3, decay_horizon=2.0)
    assert choice.in_torch(STEPS) == {"weight_decay": pytest.approx(DECAY)}
    model = net()
    before = copy.deepcopy(model.state_dict())
    optimizer = choice.build(model, STEPS)
    steps = 2 if name == "SOAP" else 1  # its first step only fills the preconditioner
    for _ in range(steps):
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
    share = choice.lr * DECAY
    if name == "Apollo":
        share *= (1 - 0.999) ** 0.5 / (1 - 0.9)  # it decays at the lr after Adam's bias correction
    rest = 1 - share

    for key, value in model.state_dict().items():
        expected = before[key] * rest if value.ndim >= 2 else before[key]
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", ["Prodigy", "DAdaptAdam"])
def test_decay_of_a_found_lr_shrinks_weights_by_that_lr(name):
    model = net()
    idle, start = model[0].weight, model[0].weight.detach().clone()
    bias = model[0].bias.detach().clone()
    choice = choice_of(name, weight_decay=0.3)
    optimizer = choice.build(model, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(batch()[0]), batch()[1]).backward()
        model[0].weight.grad.zero_()
        model[0].bias.grad.zero_()
        optimizer.step()
    ratio = (idle / start).detach()

    assert ratio.min() > 0
    assert ratio.max() < 1
    assert ratio.max() - ratio.min() < 1e-5
    assert torch.equal(model[0].bias, bias)
