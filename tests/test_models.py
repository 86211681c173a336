"""Every model on every kind of rows: refused or built, trained through, and free of what it is not asked for."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional

from studies import catalogue, measure
from studies.inputs import Inputs
from studies.optimizers.adamw import AdamW
from studies.optimizers.sgd import SGD
from studies.regularizers.dropout import Dropout
from studies.routing import ROLES, route

LENGTH = 12
KINDS = {
    "table": Inputs(shape=(7,)),
    "wide": Inputs(shape=(600,)),
    "sparse": Inputs(shape=(40,), sparse=True),
    "image": Inputs(kind="image", shape=(1, 8, 8)),
    "colour": Inputs(kind="image", shape=(3, 9, 12)),
    "tiny": Inputs(kind="image", shape=(2, 4, 4)),
    "text": Inputs(kind="text", shape=(LENGTH,), vocabulary=30),
    "signal": Inputs(kind="signal", shape=(2, 32)),
    "short": Inputs(kind="signal", shape=(1, 4)),
}
TAKEN = {
    "Bag": {"text"},
    "CNN": {"image", "colour", "tiny"},
    "Conv1D": {"signal"},
    "FTTransformer": {"table"},
    "Linear": set(KINDS) - {"text"},
    "MLP": set(KINDS) - {"text"},
    "ResNet": {"image", "colour"},
    "TabularResNet": {"table", "wide", "sparse"},
    "Transformer": {"text"},
}
MODELS = {name: choice for name, choice in catalogue.choices("model").items() if name in TAKEN}
FITS = [pytest.param(MODELS[name], KINDS[kind], id=f"{name}-{kind}") for name in TAKEN for kind in KINDS if kind in TAKEN[name]]
FIRST = [pytest.param(MODELS[name], KINDS[next(k for k in KINDS if k in TAKEN[name])], id=name) for name in TAKEN]
TEXT = [pytest.param(MODELS[name], id=name) for name in TAKEN if "text" in TAKEN[name]]
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


@pytest.fixture(autouse=True)
def _one_thread():
    """Nets this small run no faster on more, and slower where other processes want them too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def rows(inputs, count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    if inputs.kind == "text":
        return torch.randint(1, inputs.vocabulary + 1, (count, *inputs.shape), generator=generator)
    return torch.randn(count, *inputs.shape, generator=generator)


def build(choice, inputs, outputs=5, seed=0):
    torch.manual_seed(seed)
    return choice.build(inputs, outputs)


def with_drop_path(module, rate):
    module = copy.deepcopy(module)
    for part in module.modules():
        if hasattr(part, "drop_path"):
            part.drop_path = rate
    return module


def dense(gradient):
    return gradient.to_dense() if gradient.is_sparse else gradient


def train(module, inputs, targets, loss, steps=50):
    """Return the losses of `steps` steps of AdamW on all rows at once."""
    optimizer = AdamW().build(module, steps)
    module.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(module(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_takes_the_kinds_it_is_for_and_no_other(kind):
    assert {name for name, choice in MODELS.items() if choice.takes(KINDS[kind])} == {n for n in TAKEN if kind in TAKEN[n]}


@pytest.mark.parametrize("inputs", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("choice", [pytest.param(c, id=n) for n, c in catalogue.choices("model").items() if n != "Custom"])
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

    dead = [name for name, parameter in module.named_parameters() if parameter.grad is None or not dense(parameter.grad).any()]
    assert not dead


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
@pytest.mark.parametrize("outputs", [1, 3, 5])
def test_fifty_steps_of_adamw_lower_the_loss(choice, inputs, outputs):
    batch = rows(inputs, 64)
    flat = functional.one_hot(batch, 31).float().mean(dim=1) if inputs.kind == "text" else batch.flatten(1)
    torch.manual_seed(1)
    truth = flat @ torch.randn(flat.shape[1], outputs)
    truth = (truth - truth.mean(dim=0)) / truth.std(dim=0)
    loss, targets = (functional.cross_entropy, truth.argmax(dim=1)) if outputs == 5 else (functional.mse_loss, truth)
    losses = train(build(choice(), inputs, outputs), batch, targets, loss)

    assert losses[-1] < 0.97 * losses[0]


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
def test_the_same_seed_trains_to_the_same_weights(choice, inputs):
    targets = torch.arange(16) % 5
    left, right = (with_drop_path(build(choice(), inputs), 0.3) for _ in range(2))
    for module in (left, right):
        torch.manual_seed(3)
        train(module, rows(inputs, 16), targets, functional.cross_entropy, steps=3)

    assert all(torch.equal(a, b) for a, b in zip(left.state_dict().values(), right.state_dict().values(), strict=True))


@pytest.mark.parametrize(("choice", "inputs"), FIRST)
def test_multiply_accumulates_are_counted_for_every_token(choice, inputs):
    module = build(choice(), inputs)
    tokens = {"FTTransformer": inputs.size + 1, "Transformer": inputs.size}.get(choice.name(), 1)
    hidden, head = (sum(parameter.numel() for parameter in route(module).of(role)) for role in ("matrix", "head"))

    assert measure.macs(module, rows(inputs, 1)) >= tokens * hidden + head > 0


@pytest.mark.parametrize("choice", TEXT)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_padding_does_not_change_what_a_text_model_says(choice, mode):
    module = build(choice(), KINDS["text"])
    module.train(mode == "train")
    short = rows(KINDS["text"], 4)[:, :5]
    padded = functional.pad(short, (0, LENGTH - 5))

    torch.testing.assert_close(module(padded), module(short))


@pytest.mark.parametrize("choice", TEXT)
def test_a_text_without_words_is_answered_and_trained_on(choice):
    module = build(choice(), KINDS["text"])
    texts = rows(KINDS["text"], 3)
    texts[1] = 0
    outputs = module(texts)
    outputs.sum().backward()

    assert outputs.isfinite().all()
    assert all(dense(parameter.grad).isfinite().all() for parameter in module.parameters())


def test_attention_is_never_left_without_a_word_to_attend_to():
    module = build(MODELS["Transformer"](), KINDS["text"])
    masks = []
    module.blocks[0].register_forward_pre_hook(lambda block, arguments: masks.append(arguments[1]))
    module(torch.tensor([[3, 4, 0], [0, 0, 0]]))

    assert masks[0].tolist() == [[False, False, True], [False, False, False]]


def test_the_order_of_words_matters_to_the_transformer_and_not_to_the_bag():
    texts = rows(KINDS["text"], 4)
    bag, transformer = (build(MODELS[name](), KINDS["text"]).eval() for name in ("Bag", "Transformer"))

    torch.testing.assert_close(bag(texts), bag(texts.flip(1)))
    assert not torch.allclose(transformer(texts), transformer(texts.flip(1)), atol=1e-4)


@pytest.mark.parametrize(("sparse", "role"), [(True, "sparse table"), (False, "table")])
def test_the_gradient_of_a_bag_is_sparse_if_asked(sparse, role):
    module = build(MODELS["Bag"](sparse=sparse), KINDS["text"])
    module(rows(KINDS["text"], 4)).sum().backward()
    table = route(module).of(role)

    assert len(table) == 1
    assert table[0].grad.is_sparse == sparse
    assert not dense(table[0].grad)[0].any()


def test_a_sparse_and_a_dense_bag_learn_the_same_gradient():
    batch, targets = rows(KINDS["text"], 8), torch.arange(8) % 5
    left, right = (build(MODELS["Bag"](sparse=sparse), KINDS["text"]) for sparse in (True, False))
    for module in (left, right):
        functional.cross_entropy(module(batch), targets).backward()

    for a, b in zip(left.parameters(), right.parameters(), strict=True):
        torch.testing.assert_close(dense(a.grad), b.grad)


@pytest.mark.parametrize("name", ["FTTransformer", "ResNet", "TabularResNet", "Transformer"])
def test_dropped_paths_change_training_and_nothing_else(name):
    inputs = KINDS[next(k for k in KINDS if k in TAKEN[name])]
    whole = build(MODELS[name](), inputs)
    dropped, batch = with_drop_path(whole, 0.5), rows(inputs, 8)

    assert sum(hasattr(part, "drop_path") for part in whole.modules()) >= 2
    assert torch.equal(whole.eval()(batch), dropped.eval()(batch))
    assert not torch.allclose(whole.train()(batch), dropped.train()(batch), atol=1e-4)


def test_a_dropped_path_is_dropped_for_whole_samples_and_keeps_the_mean():
    from studies.modules.residual import drop_path

    torch.manual_seed(0)
    kept = drop_path(torch.ones(4000, 2, 3), 0.25)

    assert kept.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert torch.equal(kept.amax(dim=(1, 2)), kept.amin(dim=(1, 2)))
    assert kept.mean().item() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("choice", "kind", "norm", "layer"), NORMED)
def test_the_norm_that_is_named_is_the_norm_that_is_built(choice, kind, norm, layer):
    found = [type(part) for part in build(choice(norm=norm), KINDS[kind]).modules() if isinstance(part, NORM_LAYERS)]

    assert set(found) == {layer}
    assert len(found) >= 2
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
    assert [type(part).__name__ for part in module] == [*stage, *stage, "Flatten", "Linear", "ReLU", "Dropout", "Linear"]
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
