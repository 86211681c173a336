"""Models on every kind of rows: refused or built, trained through, free of what is not asked for."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch.nn import functional

from studies import catalogue
from studies.measure.model import macs
from studies.optim.routing import ROLES, route
from studies.optimizers.sgd import SGD

from model_inputs import FIRST, FITS, KINDS, MODELS, TAKEN, build, dense, rows, train, with_drop_path


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_takes_the_kinds_it_is_for_and_no_other(kind):
    assert {name for name, choice in MODELS.items() if choice.takes(KINDS[kind])} == {
        n for n in TAKEN if kind in TAKEN[n]
    }


@pytest.mark.parametrize("inputs", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    "choice", [pytest.param(c, id=n) for n, c in catalogue.choices("model").items() if n != "Custom"]
)
def test_a_model_refuses_rows_or_maps_them_to_outputs(choice, inputs):
    if not choice.takes(inputs):
        return
    for outputs, count in itertools.product((5, 1, 3), (1, 4)):
        module = build(choice(), inputs, outputs).eval()
        assert module(rows(inputs, count)).shape == (count, outputs)
    assert module.train()(rows(inputs, 4)).shape == (4, 3)


@pytest.mark.parametrize(("choice", "inputs"), FITS)
def test_a_row_is_answered_alike_alone_and_among_others(choice, inputs):
    module = build(choice(), inputs).eval()
    batch = rows(inputs, 4)

    torch.testing.assert_close(module(batch[:1]), module(batch)[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("choice", "inputs"), FITS)
def test_gradients_reach_every_parameter(choice, inputs):
    module = build(choice(), inputs)
    targets = torch.arange(64) % 5
    functional.cross_entropy(module(rows(inputs, 64)), targets).backward()

    dead = [
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is None or not dense(parameter.grad).any()
    ]
    assert not dead


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
@pytest.mark.parametrize("outputs", [1, 3, 5])
def test_fifty_steps_of_adamw_lower_the_loss(choice, inputs, outputs):
    batch = rows(inputs, 64)
    flat = functional.one_hot(batch, 31).float().mean(dim=1) if inputs.kind == "text" else batch.flatten(1)
    torch.manual_seed(1)
    truth = flat @ torch.randn(flat.shape[1], outputs)
    truth = (truth - truth.mean(dim=0)) / truth.std(dim=0)
    loss, targets = (
        (functional.cross_entropy, truth.argmax(dim=1)) if outputs == 5 else (functional.mse_loss, truth)
    )
    losses = train(build(choice(), inputs, outputs), batch, targets, loss)

    assert losses[-1] < 0.97 * losses[0]


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
def test_the_same_seed_trains_to_the_same_weights(choice, inputs):
    targets = torch.arange(16) % 5
    left, right = (with_drop_path(build(choice(), inputs), 0.3) for _ in range(2))
    for module in (left, right):
        torch.manual_seed(3)
        train(module, rows(inputs, 16), targets, functional.cross_entropy, steps=3)

    assert all(
        torch.equal(a, b)
        for a, b in zip(left.state_dict().values(), right.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
def test_multiply_accumulates_are_counted_for_every_token(choice, inputs):
    module = build(choice(), inputs)
    tokens = {"FTTransformer": inputs.size + 1, "Transformer": inputs.size}.get(choice.name(), 1)
    hidden, head = (
        sum(parameter.numel() for parameter in route(module).of(role)) for role in ("matrix", "head")
    )

    assert macs(module, rows(inputs, 1)) >= tokens * hidden + head > 0


@pytest.mark.parametrize("name", ["FTTransformer", "Transformer"])
def test_a_width_the_heads_do_not_divide_is_rounded_up(name):
    inputs = KINDS[next(k for k in KINDS if k in TAKEN[name])]

    assert build(MODELS[name](width=30, heads=8), inputs)(rows(inputs, 2)).shape == (2, 5)


def test_tokens_and_positions_are_tables_and_the_last_layer_is_the_head():
    for name, inputs in (("FTTransformer", KINDS["table"]), ("Transformer", KINDS["text"])):
        roles = {entry: role for entry, _, role in route(build(MODELS[name](), inputs)).roles}
        assert sum(role == "table" for role in roles.values()) == 2
        assert next(entry for entry, role in roles.items() if role == "head").startswith("head.")
        assert set(roles.values()) <= set(ROLES)


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
def test_plain_sgd_steps_on_every_parameter(choice, inputs):
    module = build(choice(), inputs)
    before = copy.deepcopy(module)
    optimizer = SGD().build(module, 10)
    functional.cross_entropy(module.train()(rows(inputs, 64)), torch.arange(64) % 5).backward()
    optimizer.step()

    assert all(not torch.equal(a, b) for a, b in zip(before.parameters(), module.parameters(), strict=True))


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_model_of_ours_is_not_searched_unasked(name):
    assert MODELS[name].searched is False
