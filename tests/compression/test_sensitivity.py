"""What each layer bears."""

from __future__ import annotations

import json
import math

import pytest
import torch

from studies.weights.sensitivity import Layer, bounds, rounded, scan, scan_bits

from trained_models import parameters, subject

SCANS = [pytest.param(scan, id="amounts"), pytest.param(scan_bits, id="bits")]


@pytest.mark.parametrize("name", ["CNN", "ResNet", "Transformer", "Bag", "tied", "own matrix"])
@pytest.mark.parametrize("look", SCANS)
def test_a_scan_leaves_the_model_as_it_was_bit_for_bit(look, name):
    trained = subject(name)
    trained.model.train()
    trained.model[0].eval() if name == "CNN" else None
    before, modes = parameters(trained.model), [module.training for module in trained.model.modules()]
    objects = [id(parameter) for parameter in trained.model.parameters()]
    look(trained)

    assert all(torch.equal(before[key], value) for key, value in trained.model.state_dict().items())
    assert [id(parameter) for parameter in trained.model.parameters()] == objects
    assert [module.training for module in trained.model.modules()] == modes
    assert all(parameter.grad is None for parameter in trained.model.parameters())


@pytest.mark.parametrize("look", SCANS)
def test_a_scan_says_the_loss_of_each_weight_at_each_level(look):
    trained = subject("CNN")
    layers = look(trained)

    assert [layer.name for layer in layers] == list(trained.weights)
    assert [layer.size for layer in layers] == [
        weight.parameter.numel() for weight in trained.weights.values()
    ]
    assert all(layer.before == trained.loss().item() for layer in layers)
    assert all(len(layer.losses) == len(layer.levels) for layer in layers)


def test_a_scan_measures_the_model_with_one_layer_pruned():
    trained, twin = subject("MLP"), subject("MLP")
    layers = {layer.name: layer for layer in scan(trained, amounts=(0.5, 1.0))}["4.weight"]
    with torch.no_grad():
        twin.model[4].weight.zero_()

    assert layers.losses[1] == twin.loss().item()
    assert layers.rises[1] == layers.losses[1] - layers.before


def test_a_scan_costs_one_pass_for_each_layer_and_level():
    trained, passes = subject("CNN"), []
    trained.model.register_forward_hook(lambda *_: passes.append(1))
    scan(trained, amounts=(0.5, 0.9))

    assert len(passes) == 1 + 2 * len(trained.weights)


@pytest.mark.parametrize("look", SCANS)
def test_a_layer_survives_json(look):
    for layer in look(subject("MLP")):
        assert Layer.from_dict(json.loads(json.dumps(layer.to_dict()))) == layer


def test_a_loss_that_is_no_number_counts_as_infinite():
    trained = subject("MLP")
    with torch.no_grad():
        trained.model[1].weight.fill_(math.inf)

    assert scan(trained, amounts=(0.5,))[0].before == math.inf


def test_bounds_are_the_last_amounts_before_the_loss_rises_too_far():
    layer = Layer(name="a", size=10, before=1.0, levels=(0.3, 0.5, 0.9), losses=(0.9, 1.2, 1.1))

    assert bounds([layer], 0.05) == {"a": 0.3}
    assert bounds([layer], 0.25) == {"a": 0.9}
    assert bounds([layer], -0.2) == {"a": 0.0}


def test_fewer_bits_lose_more():
    layers = scan_bits(subject("CNN"), bits=(16, 2))

    assert all(abs(layer.rises[0]) < 1e-3 for layer in layers)
    assert all(abs(layer.rises[1]) > abs(layer.rises[0]) for layer in layers)


@pytest.mark.parametrize("bits", [8, 4, 3, 2])
def test_a_rounded_row_has_no_more_values_than_its_bits_can_say(bits):
    weight = torch.randn(6, 400, generator=torch.Generator().manual_seed(0))
    weight[0] = 0.0
    original = weight.clone()
    rounded(weight, bits)
    steps = original.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)

    assert all(len(row.unique()) <= 2**bits - 1 for row in weight)
    assert bool(((weight - original).abs() <= steps / 2 * 1.0001).all())
    assert torch.allclose(weight.abs().amax(dim=1), original.abs().amax(dim=1))
