"""Structured pruning: channels, attention heads and layers that go, and what stays as it was."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch
from torch import nn

from studies.catalogue import find
from studies.deployment.export import export
from studies.infeasible import CannotCompress
from studies.weights.trained_model import size_of

from trained_models import at_best, pruned_pair, subject


@pytest.mark.parametrize("importance", ["magnitude", "taylor"])
@pytest.mark.parametrize("scope", ["uniform", "global"])
@pytest.mark.parametrize("name", ["MLP", "CNN", "ResNet", "TabularResNet", "Conv1D"])
def test_half_of_the_channels_leave_about_a_quarter_of_the_weights(name, scope, importance):
    trained = subject(name)
    before = size_of(trained.model)
    find("pruning", "Channels")(amount=0.5, scope=scope, importance=importance).prune(trained)

    assert 0.18 < size_of(trained.model) / before < 0.35


@pytest.mark.parametrize(
    ("name", "norm"), [("MLP", "batch"), ("CNN", "batch"), ("CNN", "group"), ("Conv1D", "group")]
)
@pytest.mark.parametrize("amount", [0.1, 0.3, 0.7])
def test_channels_go_with_their_norms(name, norm, amount):
    trained = subject(name, norm=norm)
    before = size_of(trained.model)
    find("pruning", "Channels")(amount=amount).prune(trained)

    assert size_of(trained.model) / before == pytest.approx((1 - amount) ** 2, abs=0.15)


def test_channels_of_least_size_go_and_the_rest_answers_as_before():
    trained = subject("MLP", depth=1, width=16)
    with torch.no_grad():
        trained.model[1].weight[::2] = trained.model[1].bias[::2] = 0.0
        trained.model[-1].weight[:, ::2] = 0.0
    wanted = trained.model(trained.rows[0])
    find("pruning", "Channels")(amount=0.5).prune(trained)

    assert trained.model[1].out_features == 8
    assert torch.allclose(trained.model(trained.rows[0]), wanted, atol=1e-6)


def test_shared_weights_are_shared_after_channels_went_or_it_says_that_they_cannot():
    trained = subject("tied")
    with suppress(CannotCompress):
        find("pruning", "Channels")(amount=0.5).prune(trained)

    assert trained.model.one.weight is trained.model.other.weight


@pytest.mark.parametrize("name", ["Transformer", "FTTransformer", "encoder"])
def test_without_heads_that_say_nothing_a_model_answers_as_before(name):
    trained = subject(name)
    attentions = [module for module in trained.model.modules() if isinstance(module, nn.MultiheadAttention)]
    for attention in attentions:
        with torch.no_grad():
            attention.out_proj.weight[:, : attention.embed_dim // 2] = 0.0
    wanted = at_best(trained)
    find("pruning", "Heads")(amount=0.5).prune(trained)

    assert torch.allclose(trained.model(trained.rows[0]), wanted, atol=1e-5)
    heads_left = [
        module.num_heads for module in trained.model.modules() if type(module).__name__ == "PrunedAttention"
    ]
    assert heads_left == [2] * len(attentions)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("mask", ["none", "padding", "causal", "both"])
@pytest.mark.parametrize("bias", [True, False])
def test_attention_with_all_of_its_heads_is_torchs_own(batch_first, mask, bias):
    from studies.nn.pruned_attention import PrunedAttention

    torch.manual_seed(0)
    whole = nn.MultiheadAttention(12, 3, batch_first=batch_first, bias=bias)
    tokens = torch.randn(2, 5, 12) if batch_first else torch.randn(5, 2, 12)
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2]) if mask in {"padding", "both"} else None
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1) if mask in {"causal", "both"} else None
    options = {"key_padding_mask": padding, "attn_mask": causal, "need_weights": False}

    assert torch.allclose(
        PrunedAttention(whole, range(3))(tokens, tokens, tokens, **options)[0],
        whole(tokens, tokens, tokens, **options)[0],
        atol=1e-6,
    )


@pytest.mark.parametrize("name", ["MLP", "CNN", "Bag", "ResNet"])
def test_a_model_without_attention_has_no_heads_to_take_out(name):
    assert pruned_pair(find("pruning", "Heads"), name) is None


def test_the_layer_that_does_nothing_goes():
    trained = subject("TabularResNet", depth=3)
    with torch.no_grad():
        trained.model[2].branch[-2].weight.zero_()
        trained.model[2].branch[-2].bias.zero_()
    wanted = at_best(trained)
    find("pruning", "Layers")(count=1).prune(trained)

    assert isinstance(trained.model[2], nn.Identity)
    assert torch.allclose(trained.model(trained.rows[0]), wanted, atol=1e-6)


@pytest.mark.parametrize(("name", "left"), [("Transformer", 1), ("FTTransformer", 1)])
def test_blocks_that_take_more_than_tokens_go_too(name, left):
    trained = subject(name, depth=3)
    find("pruning", "Layers")(count=2).prune(trained)

    assert sum(type(block).__name__ == "AttentionBlock" for block in trained.model.blocks) == left


@pytest.mark.parametrize("choice", [find("pruning", "Channels"), find("pruning", "Layers")])
@pytest.mark.parametrize("name", ["MLP", "CNN"])
def test_a_narrower_or_shallower_model_is_exported(choice, name):
    if (pair := pruned_pair(choice, name)) is not None:
        assert export(pair[1]).proto.graph.node


def test_a_model_with_fewer_heads_is_exported():
    assert export(pruned_pair(find("pruning", "Heads"), "FTTransformer")[1]).proto.graph.node
