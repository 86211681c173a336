"""Contract of every way of pruning, and unstructured ones; a new file is tested with no edit."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from studies.catalogue import find
from studies.weights.trained_model import size_of, sparsity_of, weights_of

from choice_params import of
from model_inputs import TAKEN
from trained_models import ODD, at_best, parameters, pruned_pair, subject

WAYS = [param for param in of("pruning") if param.id != "none"]
UNSTRUCTURED = [param for param in WAYS if not param.values[0].structured]
AMOUNTS = [param for param in UNSTRUCTURED if hasattr(param.values[0], "amount")]
EVERY_MODEL = [*TAKEN, *ODD]


@pytest.mark.parametrize("name", EVERY_MODEL)
@pytest.mark.parametrize("choice", WAYS)
def test_a_pruned_model_answers_in_the_same_shape_and_is_smaller_or_has_more_zeros(choice, name):
    if (pair := pruned_pair(choice, name)) is None:
        return
    before, after = pair
    rows = before.rows[0]

    assert after.model.eval()(rows).shape == before.model(rows).shape
    assert after.loss().isfinite()
    if choice.structured:
        assert size_of(after.model) < size_of(before.model)
    else:
        assert sparsity_of(after.model) > sparsity_of(before.model)
        assert size_of(after.model) == size_of(before.model)


@pytest.mark.parametrize("name", ["MLP", "CNN", "ResNet", "Transformer"])
@pytest.mark.parametrize("choice", WAYS)
def test_the_same_pruning_gives_the_same_weights(choice, name):
    first, second = pruned_pair(choice, name), pruned_pair(choice, name)
    if first is None or second is None:
        assert first is second
        return
    first_weights, second_weights = first[1].model.state_dict(), second[1].model.state_dict()

    assert list(first_weights) == list(second_weights)
    assert all(torch.equal(first_weights[key], second_weights[key]) for key in first_weights)


@pytest.mark.parametrize("choice", WAYS)
def test_each_way_treats_at_least_one_of_the_models_that_ship_here(choice):
    assert any(pruned_pair(choice, name) for name in ("MLP", "Transformer"))


@pytest.mark.parametrize("name", ["MLP", "ResNet", "Bag", "FTTransformer"])
@pytest.mark.parametrize("choice", UNSTRUCTURED)
def test_zeros_change_no_other_weight_and_neither_biases_nor_norms(choice, name):
    before, after = pruned_pair(choice, name)
    old, new = before.model.state_dict(), parameters(after.model)
    weights = {weight.name for weight in weights_of(before.model)}

    assert list(old) == list(new)
    for key in old:
        nonzero = new[key] != 0 if key in weights else ...
        assert torch.equal(new[key][nonzero], old[key][nonzero])


@pytest.mark.parametrize("name", ["MLP", "CNN", "tied", "own matrix", "only convolutions"])
@pytest.mark.parametrize("share", [1.0, 0.6])
@pytest.mark.parametrize("choice", AMOUNTS)
def test_the_amount_that_is_promised_is_reached_to_a_weight(choice, share, name):
    trained = subject(name)
    choice(amount=0.7).prune(trained, share)
    total = sum(weight.parameter.numel() for weight in trained.weights.values())

    assert sparsity_of(trained.model) * total == pytest.approx(0.7 * share * total, abs=0.51)


@pytest.mark.parametrize("choice", UNSTRUCTURED)
def test_zeros_stay_zeros_when_more_are_made(choice):
    trained = subject("CNN")
    earlier, shares = [], []
    for share in (0.2, 0.5, 0.9, 1.0):
        choice().prune(trained, share)
        zeros = [weight.parameter == 0 for weight in trained.weights.values()]
        assert all(bool(now[then].all()) for then, now in zip(earlier, zeros, strict=False))
        earlier = zeros
        shares.append(sparsity_of(trained.model))

    assert shares == sorted(set(shares))


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_magnitude_zeros_what_torch_prunes(scope):
    trained, twin = subject("CNN"), subject("CNN")
    find("pruning", "Magnitude")(amount=0.8, scope=scope).prune(trained)
    layers = [(module, "weight") for module in twin.model if isinstance(module, nn.Linear | nn.Conv2d)]
    if scope == "global":
        torch_prune.global_unstructured(layers, torch_prune.L1Unstructured, amount=0.8)
    for module, name in layers:
        if scope == "layer":
            torch_prune.l1_unstructured(module, name, amount=0.8)
        torch_prune.remove(module, name)

    assert all(
        torch.equal(a, dict(twin.model.named_parameters())[n]) for n, a in trained.model.named_parameters()
    )


def test_taylor_zeros_what_the_loss_does_not_see():
    trained = subject("MLP")
    with torch.no_grad():
        trained.model[1].weight[:, 0] *= 100  # large, and its inputs are always zero
    inputs, targets = trained.rows
    inputs[:, 0] = 0
    trained.rows = inputs, targets
    find("pruning", "Taylor")(amount=0.5).prune(trained)

    assert bool((trained.model[1].weight[:, 0] == 0).all())


def test_of_every_four_weights_along_the_input_two_are_zero():
    trained = subject("CNN")
    find("pruning", "SemiStructured")().prune(trained)
    convolution, linear = trained.model[3].weight, trained.model[-1].weight

    assert bool(((linear == 0).view(-1, 4).sum(dim=1) == 2).all())
    assert bool(((convolution == 0).movedim(1, -1).reshape(-1, 4).sum(dim=1) == 2).all())
    assert not bool((trained.model[0].weight == 0).any())
    assert trained.notes == ["no 2:4 pattern fits 0.weight"]


def test_what_is_bounded_is_not_emptied_where_it_matters():
    trained, plain = subject("CNN"), subject("CNN")
    for either in (trained, plain):
        with torch.no_grad():  # small weights, made up for behind them: by size alone all of them would go
            either.model[0].weight *= 1e-4
            either.model[0].bias *= 1e-4
            either.model[3].weight *= 1e4
        at_best(either)
    find("pruning", "SensitivityBounded")(amount=0.6).prune(trained)
    find("pruning", "Magnitude")(amount=0.6).prune(plain)

    assert sparsity_of(plain.model[0]) > 0.95
    assert sparsity_of(trained.model[0]) < 0.9
    assert sparsity_of(trained.model) == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize("name", EVERY_MODEL)
@pytest.mark.parametrize("choice", AMOUNTS)
def test_no_layer_is_emptied(choice, name):
    if (pair := pruned_pair(choice, name)) is None:
        return

    assert all(bool((weight.parameter != 0).any()) for weight in pair[1].weights.values())
