"""Every way of quantization on real exported nets; a new file in the folder is tested with no edit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from studies import catalogue
from studies.data.rows import first_rows
from studies.deployment.export import Exported, export, run, session
from studies.deployment.graph import treatable, weights_in
from studies.infeasible import CannotCompress
from studies.models.cnn import CNN
from studies.models.mlp import MLP
from studies.quantization.aware import QuantizationAware
from studies.quantization.bfloat16 import BFloat16
from studies.quantization.dynamic_int8 import DynamicInt8
from studies.quantization.float16 import Float16
from studies.quantization.mixed import MixedPrecision
from studies.quantization.static_int8 import StaticInt8
from studies.quantization.weight_only import WeightOnly
from studies.recipe import Recipe
from studies.train import Training
from studies.weights.grid import blocks_of, on_grid, rounded, unblocked
from studies.weights.trained_model import TrainedModel, sparsity_of, weights_of
from studies.workload_opening import open_source

from choice_params import of

NETS = {"mlp": MLP(width=448, norm="batch"), "cnn": CNN(channels=16, norm="batch", hidden=256)}
SMALLER = {Float16: 1.9, BFloat16: 1.9, DynamicInt8: 3.3, StaticInt8: 3.3}
BITS = {8: 3.3, 4: 5.0, 3: 5.0, 2: 8.0}


@pytest.fixture(scope="module")
def digits():
    return open_source("digits", model="mlp")


def subject_of(workload, model, seed=0):
    return TrainedModel(model=model, workload=workload, seed=seed)


@pytest.fixture(scope="module")
def trained(digits):
    """Return a function that trains a net on digits once, and hands out copies."""
    models = {}

    def of(name):
        if name not in models:
            training = Training(Recipe(model=NETS[name], epochs=6), digits, seed=0)
            training.advance(6)
            models[name] = training.model.eval()
        copy = digits.build(NETS[name])
        copy.load_state_dict(models[name].state_dict())
        return subject_of(digits, copy.eval())

    return of


@pytest.fixture(scope="module")
def exported(trained):
    exports = {name: export(trained(name)) for name in NETS}
    return exports.__getitem__


def answers(proto, rows):
    return run(session(proto.SerializeToString()), rows)


def noted(exported):
    return Exported(**{**vars(exported), "notes": []})


def settings(choice):
    """Return each setting that promises another file."""
    if "bits" in choice.__dataclass_fields__:
        return [choice(bits=bits) for bits in choice.__dataclass_fields__["bits"].metadata["range"].options]
    return [choice()]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("choice", of("quantization"))
def test_leaves_its_input_as_it_is_and_gives_the_same_bytes_twice(choice, net, exported):
    before = exported(net).proto.SerializeToString()
    rows = exported(net).rows[:5]

    first, second = choice().quantize(noted(exported(net))), choice().quantize(noted(exported(net)))

    assert first.SerializeToString() == second.SerializeToString()
    assert exported(net).proto.SerializeToString() == before
    for batch in (rows[:1], rows):
        assert answers(first, batch).shape == (len(batch), 10)


@pytest.mark.parametrize("choice", of("quantization"))
def test_is_as_small_as_promised(choice, exported):
    full = len(exported("mlp").proto.SerializeToString())
    for made in settings(choice):
        promised = SMALLER.get(choice, BITS.get(getattr(made, "bits", 0), 1.0)) * (
            0.7 if choice is MixedPrecision else 1.0
        )
        assert full / len(made.quantize(noted(exported("mlp"))).SerializeToString()) >= promised, made


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("choice", of("quantization"))
def test_answers_as_the_float_net_does_with_8_or_16_bits(choice, net, exported, digits):
    rows = first_rows(digits.dataset.valid, 300).numpy()
    wanted = answers(exported(net).proto, rows).argmax(axis=1)
    for made in settings(choice):
        if getattr(made, "bits", 8) >= 8:
            assert (
                answers(made.quantize(noted(exported(net))), rows).argmax(axis=1) == wanted
            ).mean() >= 0.97, made


@pytest.mark.parametrize("choice", of("quantization"))
def test_leaves_biases_as_they_are(choice, exported):
    if choice is StaticInt8:
        pytest.skip("its biases are whole numbers of the products' own steps, 32 bits wide")

    def biases(proto):
        return {t.name: numpy_helper.to_array(t) for t in proto.graph.initializer if t.name.endswith("bias")}

    before, after = biases(exported("cnn").proto), biases(choice().quantize(noted(exported("cnn"))))
    assert before
    assert all(np.array_equal(after[name], values) for name, values in before.items())


@pytest.mark.parametrize("choice", of("quantization"))
def test_refuses_a_graph_without_weights_in_its_own_words_alone(choice, iris):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, rows):
            return rows[:, :3] * self.scale

    made = export(subject_of(iris, Odd()))
    if choice.name() == "none":
        assert choice().quantize(made) == made.proto
        return
    with pytest.raises(CannotCompress):
        choice().quantize(made)


def test_dynamic_8_bits_refuse_a_net_of_convolutions_alone(digits):
    net = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 10, 6), nn.Flatten())
    with pytest.raises(CannotCompress, match="which alone run well in dynamic 8 bits, are 0 %"):
        DynamicInt8().quantize(export(subject_of(digits, net)))


def test_dynamic_8_bits_leave_convolutions_alone_and_say_so(digits):
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 32, 5),
        nn.Flatten(),
        nn.Linear(128, 64),
        nn.Linear(64, 10),
    )
    made = export(subject_of(digits, net))
    proto = DynamicInt8().quantize(made)

    assert [node.op_type for node in proto.graph.node].count("Conv") == 2
    assert "stay in 32 bits" in made.notes[0]


def test_a_weight_beyond_half_precision_is_refused_and_fits_brain_floats(iris):
    net = nn.Linear(4, 3)
    with torch.no_grad():
        net.weight[0, 0] = 1e5
    made = export(subject_of(iris, net))

    with pytest.raises(CannotCompress, match="take bfloat16"):
        Float16().quantize(made)
    assert np.isfinite(answers(BFloat16().quantize(made), made.rows)).all()


@pytest.mark.parametrize("able", [True, False])
def test_weights_of_convolutions_get_7_bits_where_products_saturate(able, exported, monkeypatch):
    monkeypatch.setattr(
        torch.cpu, "get_capabilities", lambda: {"architecture": "x86_64", "avx2": True, "avx512_vnni": able}
    )
    made = noted(exported("cnn"))
    proto = StaticInt8().quantize(made)

    largest = max(
        np.abs(numpy_helper.to_array(t).astype(int)).max()
        for t in proto.graph.initializer
        if t.data_type == TensorProto.INT8 and len(t.dims) == 4
    )
    assert (largest > 64) == able
    assert bool(made.notes) != able


def test_mixed_precision_keeps_8_bits_in_its_share_of_the_weights_and_loses_less(exported):
    made = noted(exported("mlp"))
    proto = MixedPrecision(bits=2, kept=0.2).quantize(made)

    widths = {
        node.input[1]: next(a.i for a in node.attribute if a.name == "bits")
        for node in proto.graph.node
        if node.domain
    }
    sizes = {f"{weight.name}.codes": weight.array.size for weight in weights_in(made.proto)}
    wide = sum(sizes[name] for name, bits in widths.items() if bits == 8)
    assert sorted(set(widths.values())) == [2, 8]
    assert 0 < wide <= 0.2 * sum(sizes.values())
    assert made.loss(proto) < made.loss(WeightOnly(bits=2).quantize(noted(exported("mlp"))))
    assert made.notes[0].startswith("8 bits in")


def stored(proto, made, bits, block):
    """Return by name the weights of a graph of packed products, as ONNX Runtime unpacks them."""
    tensors = {t.name: t for t in proto.graph.initializer}
    weights = {}
    for weight in treatable(made.proto):
        rows = blocks_of(weight.rows, block)
        steps = torch.from_numpy(numpy_helper.to_array(tensors[f"{weight.name}.steps"]).copy()).reshape(
            *rows.shape[:2], 1
        )
        packed = tensors[f"{weight.name}.codes"]
        if packed.data_type == TensorProto.UINT8:
            raw = torch.from_numpy(numpy_helper.to_array(packed).copy()).reshape(*rows.shape[:2], -1)
            codes = torch.stack(
                [(raw >> shift) & (2**bits - 1) for shift in range(0, 8, bits)], dim=-1
            ).flatten(2)
            codes = codes[..., : rows.shape[2]].float() - 2 ** (bits - 1)
        else:
            codes = torch.from_numpy(numpy_helper.to_array(packed).astype(np.float32)).reshape(rows.shape)
        weights[weight.name] = unblocked(codes * steps, weight.rows.shape)
    return weights


@pytest.mark.parametrize(("bits", "block"), [(8, 64), (4, 32), (3, 128), (2, 32)])
@pytest.mark.parametrize("net", NETS)
def test_training_on_a_grid_stores_exactly_the_weights_it_ended_with(net, bits, block, trained, digits):
    subject, choice = trained(net), QuantizationAware(bits=bits, block=block)
    training = Training(Recipe(epochs=1), digits, seed=0, model=subject.model, prepare=choice.attach)
    training.advance(1)
    inside = training.model.eval()(torch.from_numpy(digits.dataset.valid.inputs))
    choice.settle(subject)
    made = export(subject)
    proto = choice.quantize(made)

    assert torch.equal(subject.model(torch.from_numpy(digits.dataset.valid.inputs)), inside)
    assert not made.notes
    weights = stored(proto, made, 4 if bits == 3 else bits, block)
    assert len(weights) == len(weights_in(made.proto)) >= 3
    for weight in weights_in(made.proto):
        assert torch.allclose(weights[weight.name], weight.rows, rtol=1e-6, atol=0.0)
    outputs, wanted = answers(proto, digits.dataset.valid.inputs), inside.detach().numpy()
    # activations of matrix products have 8 bits
    assert np.abs(outputs - wanted).max() < 0.05 * np.abs(wanted).max()


@pytest.mark.parametrize("bits", [3, 2])
def test_training_on_a_grid_beats_rounding_after_the_same_training(bits, trained, digits):
    def quality(choice):
        subject = trained("mlp")
        training = Training(Recipe(epochs=3), digits, seed=0, model=subject.model, prepare=choice.attach)
        training.advance(3)
        training.restore_best()
        choice.settle(subject)
        made = export(subject)
        outputs = answers(choice.quantize(made), digits.dataset.valid.inputs)
        targets = torch.from_numpy(digits.dataset.valid.targets)
        return float(digits.loss(torch.from_numpy(outputs), targets))

    assert quality(QuantizationAware(bits=bits, block=128)) < quality(WeightOnly(bits=bits, block=128))


def test_what_was_not_trained_on_a_grid_is_rounded_and_said(exported):
    made = noted(exported("mlp"))
    proto = QuantizationAware(bits=4).quantize(made)

    assert (
        proto.SerializeToString() == WeightOnly(bits=4).quantize(noted(exported("mlp"))).SerializeToString()
    )
    assert made.notes == ["3 of 3 weights were rounded after training, not trained in 4 bits"]


@pytest.mark.parametrize("bits", [8, 4, 3, 2])
def test_zeros_stay_zeros_on_the_grid(bits, trained, digits):
    from studies.weights.masks import keep_zeros

    subject, choice = trained("mlp"), QuantizationAware(bits=bits)
    with torch.no_grad():
        for weight in weights_of(subject.model):
            weight.parameter[weight.parameter.abs() < weight.parameter.abs().median()] = 0.0

    def prepare(training):
        keep_zeros(training)
        choice.attach(training)

    before = sparsity_of(subject.model)
    zeros = {weight.name: weight.parameter == 0 for weight in weights_of(subject.model)}
    Training(Recipe(epochs=1), digits, seed=0, model=subject.model, prepare=prepare).advance(1)
    choice.settle(subject)
    made = export(subject)
    weights = stored(choice.quantize(made), made, 4 if bits == 3 else bits, 32)

    assert sparsity_of(subject.model) >= before > 0.4
    assert all(bool((weights[name][mask] == 0).all()) for name, mask in zeros.items())


@pytest.mark.parametrize("optimizer", ["AdamW", "Muon", "Momentum", "LBFGS", "Adafactor"])
def test_optimizers_train_on_a_grid(optimizer, digits, trained):
    subject, choice = trained("mlp"), QuantizationAware(bits=3)
    before = {weight.name: weight.parameter.detach().clone() for weight in weights_of(subject.model)}
    recipe = Recipe(optimizer=catalogue.find("optimizer", optimizer)(), batch_size=256, epochs=2)
    training = Training(recipe, digits, seed=0, model=subject.model, prepare=choice.attach)
    training.advance(2)
    choice.settle(subject)

    weights = {weight.name: weight.parameter for weight in weights_of(subject.model)}
    assert weights.keys() == before.keys()
    assert all(on_grid(parameter.detach(), 3, 32) for parameter in weights.values())
    assert all(not torch.equal(parameter, before[name]) for name, parameter in weights.items())


def test_training_on_a_grid_resumes_bit_for_bit(digits, trained):
    def start():
        return Training(
            Recipe(epochs=4), digits, seed=1, model=trained("mlp").model, prepare=QuantizationAware().attach
        )

    whole, first, second = start(), start(), start()
    whole.advance(4)
    first.advance(2)
    second.load_state_dict(first.state_dict())
    second.advance(4)

    for left, right in zip(
        whole.model.state_dict().values(), second.model.state_dict().values(), strict=True
    ):
        assert torch.equal(left, right)


class Tied(nn.Module):
    """A table that is also the head, as language models have."""

    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(17, 64), nn.Linear(64, 17, bias=False)
        self.head.weight = self.table.weight

    def forward(self, rows):
        return self.head(self.table(rows.flatten(1).clamp(0, 16).long()).mean(dim=1))[:, :10]


def test_shared_weights_stay_shared_and_are_stored_once(digits):
    torch.manual_seed(0)
    subject, choice = subject_of(digits, Tied()), QuantizationAware(bits=4)
    Training(Recipe(epochs=1), digits, seed=0, model=subject.model, prepare=choice.attach).advance(1)
    choice.settle(subject)
    made = export(subject)
    proto = choice.quantize(made)

    assert subject.model.head.weight is subject.model.table.weight
    assert [name for name, _ in subject.model.named_parameters()] == ["table.weight"]
    assert sum(t.name.endswith(".codes") for t in proto.graph.initializer) == len(weights_in(made.proto)) == 1
    with torch.inference_mode():
        wanted = subject.model(torch.from_numpy(made.rows)).numpy()
    assert np.abs(answers(proto, made.rows) - wanted).max() < 1e-5 * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("bits", [8, 4, 3, 2])
@pytest.mark.parametrize("shape", [(5, 7), (6, 64), (3, 100), (8, 3, 3, 3), (4, 3, 5)])
def test_what_lies_on_a_grid_is_found_on_it_again(shape, bits):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    codes, steps = rounded(weight, bits, 32)
    once = unblocked(codes.float() * steps, weight.shape)
    codes, steps = rounded(
        once * torch.linspace(0.5, 2, shape[0]).reshape(-1, *[1] * (len(shape) - 1)), bits, 32
    )
    again = unblocked(codes.float() * steps, weight.shape)

    assert torch.allclose(
        again, once * torch.linspace(0.5, 2, shape[0]).reshape(-1, *[1] * (len(shape) - 1)), rtol=1e-6, atol=0
    )
    assert int(codes.min()) >= -(2 ** (bits - 1))
    assert int(codes.max()) < 2 ** (bits - 1)


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("operator", ["Gemm", "Left", "Tall", "Conv", "ConvTranspose", "Gather", "Product"])
def test_every_form_of_weight_computes_with_the_weights_it_stands_for(operator, bits):
    generator = np.random.default_rng(0)
    shapes = {
        "Gemm": (48, 7), "Left": (6, 48), "Tall": (48, 7), "Conv": (5, 3, 3, 3),
        "ConvTranspose": (3, 5, 3, 3), "Gather": (9, 20), "Product": (4, 50),
    }  # fmt: skip
    weight = generator.normal(size=shapes[operator]).astype(np.float32)
    shape, order = {
        "Gemm": ([None, 48], ["x", "w"]), "Tall": ([None, 48], ["x", "w"]), "Left": ([48, 4], ["w", "x"]),
        "Conv": ([None, 3, 6, 6], ["x", "w"]), "ConvTranspose": ([None, 3, 6, 6], ["x", "w"]),
        "Gather": ([None], ["w", "x"]), "Product": ([4, 50], ["w", "x"]),
    }[operator]  # fmt: skip
    kind = {"Left": "MatMul", "Tall": "MatMul", "Product": "Mul"}.get(operator, operator)
    types = TensorProto.INT64 if operator == "Gather" else TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(kind, order, ["y"])],
        "net",
        [helper.make_tensor_value_info("x", types, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, "w")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    made = Exported(proto=proto, program=None, rows=np.zeros(1), targets=torch.zeros(1), workload=None)
    size = [2 if length is None else length for length in shape]
    rows = (
        generator.integers(0, 9, size=5)
        if operator == "Gather"
        else generator.normal(size=size).astype(np.float32)
    )
    weights = weights_in(proto)[0]
    codes, steps = rounded(weights.rows, bits, 32)
    whole = unblocked((codes * steps).float(), weights.rows.shape).numpy()
    whole = (whole.T if weights.transposed else whole).reshape(weight.shape)
    packed = Exported(**{**vars(made), "proto": made.copy()})
    packed.proto.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(whole), "w"))

    wanted, quantized = answers(packed.proto, rows), answers(WeightOnly(bits=bits).quantize(made), rows)

    close = 0.02 if kind in {"Gemm", "MatMul"} and operator != "Left" else 1e-5
    assert np.abs(quantized - wanted).max() <= close * np.abs(wanted).max()
