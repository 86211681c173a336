"""What models are made of: norms, dropped paths and dropout layers."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from studies.regularizers.dropout import Dropout

from model_inputs import KINDS, MODELS, TAKEN, build, rows, with_drop_path

NORMED = [
    pytest.param(MODELS[name], kind, norm, layer, id=f"{name}-{norm}")
    for name, kind, layers in [
        ("MLP", "table", {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}),
        ("TabularResNet", "table", {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}),
        ("CNN", "image", {"batch": nn.BatchNorm2d, "group": nn.GroupNorm}),
        ("Conv1D", "signal", {"batch": nn.BatchNorm1d, "group": nn.GroupNorm}),
    ]
    for norm, layer in layers.items()
]
NORM_LAYERS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


@pytest.mark.parametrize("name", ["FTTransformer", "ResNet", "TabularResNet", "Transformer"])
def test_dropped_paths_change_training_and_nothing_else(name):
    inputs = KINDS[next(k for k in KINDS if k in TAKEN[name])]
    whole = build(MODELS[name](), inputs)
    dropped, batch = with_drop_path(whole, 0.5), rows(inputs, 8)

    assert sum(hasattr(part, "drop_path") for part in whole.modules()) >= 2
    assert torch.equal(whole.eval()(batch), dropped.eval()(batch))
    assert not torch.allclose(whole.train()(batch), dropped.train()(batch), atol=1e-4)


def test_a_dropped_path_is_dropped_for_whole_samples_and_keeps_the_mean():
    from studies.nn.residual import drop_path

    torch.manual_seed(0)
    dropped = drop_path(torch.ones(4000, 2, 3), 0.25)

    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert torch.equal(dropped.amax(dim=(1, 2)), dropped.amin(dim=(1, 2)))
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("choice", "kind", "norm", "layer"), NORMED)
def test_the_norm_that_is_named_is_the_norm_that_is_built(choice, kind, norm, layer):
    layers = [
        type(part)
        for part in build(choice(norm=norm), KINDS[kind]).modules()
        if isinstance(part, NORM_LAYERS)
    ]

    assert set(layers) == {layer}
    assert len(layers) >= 2
    assert not [p for p in build(choice(norm="none"), KINDS[kind]).modules() if isinstance(p, NORM_LAYERS)]


@pytest.mark.parametrize("norm", ["batch", "group"])
def test_channels_that_no_group_divides_are_normed_all_the_same(norm):
    module = build(MODELS["CNN"](channels=5, norm=norm), KINDS["image"])

    assert module(rows(KINDS["image"], 2)).isfinite().all()


def test_without_a_norm_mlp_and_cnn_have_the_layers_they_always_had():
    kinds = [type(part).__name__ for part in build(MODELS["MLP"](), KINDS["table"])]
    assert kinds == ["Flatten", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]

    module = build(MODELS["CNN"](), KINDS["image"])
    stage = ["Conv2d", "ReLU", "MaxPool2d"]
    assert [type(part).__name__ for part in module] == [
        *stage,
        *stage,
        "Flatten",
        "Linear",
        "ReLU",
        "Dropout",
        "Linear",
    ]
    assert all(part.bias is not None for part in module if isinstance(part, nn.Conv2d))


@pytest.mark.parametrize("name", sorted(set(TAKEN) - {"Linear"}))
def test_dropout_layers_stand_at_zero_until_a_regularizer_sets_them(name):
    inputs = KINDS[next(k for k in KINDS if k in TAKEN[name])]
    module = build(MODELS[name](), inputs)
    layers = [part for part in module.modules() if isinstance(part, nn.Dropout)]
    assert layers
    assert all(layer.p == 0.0 for layer in layers)
    assert Dropout.suits(module, "classification", inputs)

    twin = copy.deepcopy(module).train()
    for layer in (part for part in twin.modules() if isinstance(part, nn.Dropout)):
        layer.p = 0.5
    assert not torch.allclose(module.train()(rows(inputs, 8)), twin(rows(inputs, 8)), atol=1e-4)
