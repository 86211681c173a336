"""The contract of every way of pruning, and what is special to each; a new file of the folder is tested with no edit."""

from __future__ import annotations

import copy
from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils import prune as torch_prune

from studies.catalogue import find
from studies.deployment.export import export
from studies.infeasible import CannotCompress
from studies.recipe import Recipe
from studies.train import Training
from studies.weights.masks import RAMP, gradually, keep_zeros
from studies.weights.trained_model import TrainedModel, size_of, sparsity_of, weights_of

from choice_params import of
from model_inputs import TAKEN
from trained_models import ODD, parameters, subject

WAYS = [param for param in of("pruning") if param.id != "none"]
UNSTRUCTURED = [param for param in WAYS if not param.values[0].structured]
AMOUNTS = [param for param in UNSTRUCTURED if hasattr(param.values[0], "amount")]
STRUCTURED = [param for param in WAYS if param.values[0].structured]
EVERY_MODEL = [*TAKEN, *ODD]


def treated(choice, name):
    """Prune a model and return (before, after), or None where it says that it cannot."""
    before = subject(name)
    after = TrainedModel(model=copy.deepcopy(before.model), workload=before.workload)
    try:
        choice().prune(after)
    except CannotCompress:
        assert all(
            torch.equal(a, b)
            for a, b in zip(before.model.parameters(), after.model.parameters(), strict=True)
        )
        return None
    return before, after


def at_best(given):
    """Make the model's own answers the targets, so that any change of them costs; return them."""
    wanted = given.model(given.rows[0]).detach()
    given.rows = given.rows[0], wanted.softmax(dim=1)
    return wanted


@pytest.mark.parametrize("name", EVERY_MODEL)
@pytest.mark.parametrize("choice", WAYS)
def test_a_pruned_model_answers_in_the_same_shape_and_is_smaller_or_has_more_zeros(choice, name):
    if (found := treated(choice, name)) is None:
        return
    before, after = found
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
    first, second = treated(choice, name), treated(choice, name)
    if first is None or second is None:
        assert first is second
        return
    one, other = first[1].model.state_dict(), second[1].model.state_dict()

    assert list(one) == list(other)
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("choice", WAYS)
def test_each_way_treats_at_least_one_of_the_models_that_ship_here(choice):
    assert any(treated(choice, name) for name in ("MLP", "Transformer"))


@pytest.mark.parametrize("name", ["MLP", "ResNet", "Bag", "FTTransformer"])
@pytest.mark.parametrize("choice", UNSTRUCTURED)
def test_zeros_change_no_other_weight_and_neither_biases_nor_norms(choice, name):
    before, after = treated(choice, name)
    own, left = before.model.state_dict(), parameters(after.model)
    weights = {weight.name for weight in weights_of(before.model)}

    assert list(own) == list(left)
    for key in own:
        kept = left[key] != 0 if key in weights else ...
        assert torch.equal(left[key][kept], own[key][kept])


@pytest.mark.parametrize("name", ["MLP", "CNN", "tied", "own matrix", "only convolutions"])
@pytest.mark.parametrize("share", [1.0, 0.6])
@pytest.mark.parametrize("choice", AMOUNTS)
def test_the_amount_that_is_promised_is_reached_to_a_weight(choice, share, name):
    given = subject(name)
    choice(amount=0.7).prune(given, share)
    total = sum(weight.parameter.numel() for weight in given.weights.values())

    assert sparsity_of(given.model) * total == pytest.approx(0.7 * share * total, abs=0.51)


@pytest.mark.parametrize("choice", UNSTRUCTURED)
def test_zeros_stay_zeros_when_more_are_made(choice):
    given = subject("CNN")
    earlier, shares = [], []
    for share in (0.2, 0.5, 0.9, 1.0):
        choice().prune(given, share)
        zeros = [weight.parameter == 0 for weight in given.weights.values()]
        assert all(bool(now[then].all()) for then, now in zip(earlier, zeros, strict=False))
        earlier = zeros
        shares.append(sparsity_of(given.model))

    assert shares == sorted(set(shares))


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_magnitude_zeros_what_torch_prunes(scope):
    given, twin = subject("CNN"), subject("CNN")
    find("pruning", "Magnitude")(amount=0.8, scope=scope).prune(given)
    layers = [(module, "weight") for module in twin.model if isinstance(module, nn.Linear | nn.Conv2d)]
    if scope == "global":
        torch_prune.global_unstructured(layers, torch_prune.L1Unstructured, amount=0.8)
    for module, name in layers:
        if scope == "layer":
            torch_prune.l1_unstructured(module, name, amount=0.8)
        torch_prune.remove(module, name)

    assert all(
        torch.equal(a, dict(twin.model.named_parameters())[n]) for n, a in given.model.named_parameters()
    )


def test_taylor_zeros_what_the_loss_does_not_see():
    given = subject("MLP")
    with torch.no_grad():
        given.model[1].weight[:, 0] *= 100  # large, and its inputs are always zero
    inputs, targets = given.rows
    inputs[:, 0] = 0
    given.rows = inputs, targets
    find("pruning", "Taylor")(amount=0.5).prune(given)

    assert bool((given.model[1].weight[:, 0] == 0).all())


def test_of_every_four_weights_along_the_input_two_are_zero():
    given = subject("CNN")
    find("pruning", "SemiStructured")().prune(given)
    convolution, linear = given.model[3].weight, given.model[-1].weight

    assert bool(((linear == 0).view(-1, 4).sum(dim=1) == 2).all())
    assert bool(((convolution == 0).movedim(1, -1).reshape(-1, 4).sum(dim=1) == 2).all())
    assert not bool((given.model[0].weight == 0).any())
    assert given.notes == ["no 2:4 pattern fits 0.weight"]


def test_what_is_bounded_is_not_emptied_where_it_matters():
    given, plain = subject("CNN"), subject("CNN")
    for one in (given, plain):
        with torch.no_grad():  # small weights, made up for behind them: by size alone all of them would go
            one.model[0].weight *= 1e-4
            one.model[0].bias *= 1e-4
            one.model[3].weight *= 1e4
        at_best(one)
    find("pruning", "SensitivityBounded")(amount=0.6).prune(given)
    find("pruning", "Magnitude")(amount=0.6).prune(plain)

    assert sparsity_of(plain.model[0]) > 0.95
    assert sparsity_of(given.model[0]) < 0.9
    assert sparsity_of(given.model) == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize("name", EVERY_MODEL)
@pytest.mark.parametrize("choice", AMOUNTS)
def test_no_layer_is_emptied(choice, name):
    if (found := treated(choice, name)) is None:
        return

    assert all(bool((weight.parameter != 0).any()) for weight in found[1].weights.values())


@pytest.mark.parametrize("importance", ["magnitude", "taylor"])
@pytest.mark.parametrize("scope", ["uniform", "global"])
@pytest.mark.parametrize("name", ["MLP", "CNN", "ResNet", "TabularResNet", "Conv1D"])
def test_half_of_the_channels_leave_about_a_quarter_of_the_weights(name, scope, importance):
    given = subject(name)
    before = size_of(given.model)
    find("pruning", "Channels")(amount=0.5, scope=scope, importance=importance).prune(given)

    assert 0.18 < size_of(given.model) / before < 0.35


@pytest.mark.parametrize(
    ("name", "norm"), [("MLP", "batch"), ("CNN", "batch"), ("CNN", "group"), ("Conv1D", "group")]
)
@pytest.mark.parametrize("amount", [0.1, 0.3, 0.7])
def test_channels_go_with_their_norms(name, norm, amount):
    given = subject(name, norm=norm)
    before = size_of(given.model)
    find("pruning", "Channels")(amount=amount).prune(given)

    assert size_of(given.model) / before == pytest.approx((1 - amount) ** 2, abs=0.15)


def test_channels_of_least_size_go_and_the_rest_answers_as_before():
    given = subject("MLP", depth=1, width=16)
    with torch.no_grad():
        given.model[1].weight[::2] = given.model[1].bias[::2] = 0.0
        given.model[-1].weight[:, ::2] = 0.0
    wanted = given.model(given.rows[0])
    find("pruning", "Channels")(amount=0.5).prune(given)

    assert given.model[1].out_features == 8
    assert torch.allclose(given.model(given.rows[0]), wanted, atol=1e-6)


def test_shared_weights_are_shared_after_channels_went_or_it_says_that_they_cannot():
    given = subject("tied")
    with suppress(CannotCompress):
        find("pruning", "Channels")(amount=0.5).prune(given)

    assert given.model.one.weight is given.model.other.weight


@pytest.mark.parametrize("name", ["Transformer", "FTTransformer", "encoder"])
def test_without_heads_that_say_nothing_a_model_answers_as_before(name):
    given = subject(name)
    attentions = [module for module in given.model.modules() if isinstance(module, nn.MultiheadAttention)]
    for attention in attentions:
        with torch.no_grad():
            attention.out_proj.weight[:, : attention.embed_dim // 2] = 0.0
    wanted = at_best(given)
    find("pruning", "Heads")(amount=0.5).prune(given)

    assert torch.allclose(given.model(given.rows[0]), wanted, atol=1e-5)
    kept = [
        module.num_heads for module in given.model.modules() if type(module).__name__ == "PrunedAttention"
    ]
    assert kept == [2] * len(attentions)


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
    given = {"key_padding_mask": padding, "attn_mask": causal, "need_weights": False}

    assert torch.allclose(
        PrunedAttention(whole, range(3))(tokens, tokens, tokens, **given)[0],
        whole(tokens, tokens, tokens, **given)[0],
        atol=1e-6,
    )


@pytest.mark.parametrize("name", ["MLP", "CNN", "Bag", "ResNet"])
def test_a_model_without_attention_has_no_heads_to_take_out(name):
    assert treated(find("pruning", "Heads"), name) is None


def test_the_layer_that_does_nothing_goes():
    given = subject("TabularResNet", depth=3)
    with torch.no_grad():
        given.model[2].branch[-2].weight.zero_()
        given.model[2].branch[-2].bias.zero_()
    wanted = at_best(given)
    find("pruning", "Layers")(count=1).prune(given)

    assert isinstance(given.model[2], nn.Identity)
    assert torch.allclose(given.model(given.rows[0]), wanted, atol=1e-6)


@pytest.mark.parametrize(("name", "left"), [("Transformer", 1), ("FTTransformer", 1)])
def test_blocks_that_take_more_than_tokens_go_too(name, left):
    given = subject(name, depth=3)
    find("pruning", "Layers")(count=2).prune(given)

    assert sum(type(block).__name__ == "AttentionBlock" for block in given.model.blocks) == left


@pytest.mark.parametrize("choice", [find("pruning", "Channels"), find("pruning", "Layers")])
@pytest.mark.parametrize("name", ["MLP", "CNN"])
def test_a_narrower_or_shallower_model_is_exported(choice, name):
    if (found := treated(choice, name)) is not None:
        assert export(found[1]).proto.graph.node


def test_a_model_with_fewer_heads_is_exported():
    assert export(treated(find("pruning", "Heads"), "FTTransformer")[1]).proto.graph.node


def training(
    workload,
    *,
    optimizer="AdamW",
    epochs=10,
    batch_size=32,
    wrappers=(),
    regularizers=(),
    prepare=lambda run: None,
    model=None,
):
    recipe = Recipe(
        optimizer=find("optimizer", optimizer)(), model=workload.model, epochs=epochs, batch_size=batch_size,
        wrappers=tuple(find("wrappers", name)() for name in wrappers),
        regularizers=tuple(find("regularizers", name)() for name in regularizers),
    )  # fmt: skip
    return Training(recipe, workload, seed=0, model=model, prepare=prepare)


def pruned(workload, seed=0):
    torch.manual_seed(seed)
    given = TrainedModel(model=workload.build(workload.model), workload=workload)
    find("pruning", "Magnitude")(amount=0.8).prune(given)
    return given


def gradual(workload, amount=0.8, **fields):
    torch.manual_seed(0)
    given = TrainedModel(model=workload.build(workload.model), workload=workload)
    choice = find("pruning", "Magnitude")(amount=amount)

    def prepare(run):
        gradually(run, given, choice.prune)
        keep_zeros(run)

    return training(workload, model=given.model, prepare=prepare, **fields), given


OPTIMIZERS = [param for param in of("optimizer") if not getattr(param.values[0], "only_sparse", False)]
SETS = [(), ("SAM",), ("EMA",), ("Lookahead",), ("Cautious",)]


@pytest.mark.parametrize("optimizer", [pytest.param(p.id, id=p.id, marks=p.marks) for p in OPTIMIZERS])
def test_zeros_hold_under_every_optimizer(optimizer, iris):
    given = pruned(iris)
    zeros = [weight.parameter == 0 for weight in given.weights.values()]
    rows = iris.rows if find("optimizer", optimizer).full_batch else 32
    run = training(
        iris, optimizer=optimizer, epochs=2, batch_size=rows, model=given.model, prepare=keep_zeros
    )
    run.advance(2)
    run.restore_best()

    for weight, mask in zip(given.weights.values(), zeros, strict=True):
        assert bool((weight.parameter[mask] == 0).all())
    assert sparsity_of(run.model) < 0.85


@pytest.mark.parametrize("wrappers", SETS)
@pytest.mark.parametrize("optimizer", ["AdamW", "Momentum"])
def test_zeros_hold_with_wrappers_and_penalties(optimizer, wrappers, iris):
    given = pruned(iris)
    run = training(
        iris,
        optimizer=optimizer,
        wrappers=wrappers,
        regularizers=("L2", "GradientClipping"),
        model=given.model,
        prepare=keep_zeros,
    )
    run.advance(10)
    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)
    run.restore_best()

    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("optimizer", ["AdamW", "Momentum"])
@pytest.mark.parametrize("step_by_step", [False, True])
def test_no_momentum_gathers_on_zeros(optimizer, step_by_step, iris):
    if step_by_step:
        run, given = gradual(iris, optimizer=optimizer)
    else:
        given = pruned(iris)
        run = training(iris, optimizer=optimizer, model=given.model, prepare=keep_zeros)
    run.advance(10)

    for weight in (weight.parameter for weight in given.weights.values()):
        states = [value for value in run.optimizer.state[weight].values() if value.shape == weight.shape]
        assert states
        assert all(bool((value[weight == 0] == 0).all()) for value in states)


def test_zeros_of_a_sparse_table_hold():
    given = subject("Bag")
    find("pruning", "Magnitude")(amount=0.8).prune(given)
    run = training(given.workload, model=given.model, prepare=keep_zeros)
    before = given.model[0].weight.detach().clone()
    run.advance(5)

    assert run.model[0].weight.grad.is_sparse
    assert not torch.equal(run.model[0].weight, before)
    assert bool((run.model[0].weight[before == 0] == 0).all())


@pytest.mark.parametrize(
    "optimizer", ["AdamW", "Momentum", "Muon", "SOAP", "ScheduleFreeAdamW", "LBFGS", "AdamW8bit"]
)
def test_a_gradual_run_ends_with_the_zeros_it_promised(optimizer, iris):
    if optimizer not in {p.id for p in OPTIMIZERS if not any(mark.args[0] for mark in p.marks)}:
        pytest.skip("its package is not here")
    run, _ = gradual(iris, optimizer=optimizer)
    run.advance(10)
    run.restore_best()

    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("wrappers", SETS)
def test_a_gradual_run_ends_with_its_zeros_whatever_is_averaged(wrappers, iris):
    run, _ = gradual(iris, wrappers=wrappers, regularizers=("EarlyStopping", "L2"))
    run.advance(10)
    run.restore_best()

    assert run.epoch == 10
    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_gradual_run_of_few_steps_gets_there_too(epochs, iris):
    run, _ = gradual(iris, epochs=epochs)
    run.advance(epochs)
    run.restore_best()

    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


def test_zeros_are_made_fast_at_first_and_none_after_the_ramp(iris):
    run, given = gradual(iris, epochs=20)
    seen = []
    run.after_step.append(lambda: seen.append(sparsity_of(given.model)))
    run.advance(20)
    ramp = round(RAMP * run.total_steps)

    assert seen == sorted(seen)
    assert seen[ramp // 2] > 0.6
    assert seen[ramp - 2] < seen[ramp - 1] == seen[-1]


def test_the_best_of_a_gradual_run_is_one_with_all_of_its_zeros(iris):
    run, _ = gradual(iris, amount=0.99)
    run.advance(10)

    assert run.quality < max(point.valid_metric for point in run.curve)


def test_a_run_with_zeros_is_the_same_each_time(iris):
    runs = [gradual(iris, wrappers=("EMA",))[0] for _ in range(2)]
    for run in runs:
        run.advance(10)

    assert all(torch.equal(a, b) for a, b in zip(*(run.model.parameters() for run in runs), strict=True))


class Rounded(nn.Module):
    """Stands for a quantizer in training: it sees the weight, and the gradient passes."""

    def forward(self, weight):
        return weight + ((weight * 8).round() / 8 - weight).detach()


@pytest.mark.parametrize("choice", UNSTRUCTURED)
def test_zeros_are_made_and_held_below_a_parametrization(choice, iris):
    torch.manual_seed(0)
    given = TrainedModel(model=iris.build(iris.model), workload=iris)

    def prepare(run):
        gradually(run, given, choice().prune)
        keep_zeros(run)
        for module in [module for module in run.model.modules() if isinstance(module, nn.Linear)]:
            parametrize.register_parametrization(module, "weight", Rounded())

    run = training(iris, model=given.model, prepare=prepare)
    run.advance(10)
    run.restore_best()
    twin = TrainedModel(model=iris.build(iris.model), workload=iris)
    choice().prune(twin)

    assert sparsity_of(run.model) == pytest.approx(sparsity_of(twin.model), abs=1e-3)
