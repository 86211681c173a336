"""Deployed files answer as torch does, whatever the model; what cannot be exported is refused in a line."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import nn

from studies import catalogue
from studies.deployment.export import export, run, session
from studies.infeasible import CannotCompress
from studies.weights.trained_model import TrainedModel
from studies.workload import Workload
from studies.workload_opening import workload_from_code

from model_inputs import KINDS, MODELS, TAKEN, build, rows

FORMS = {
    "Bag": "text", "CNN": "colour", "Conv1D": "signal", "FTTransformer": "table", "Linear": "image",
    "MLP": "table", "ResNet": "image", "TabularResNet": "sparse", "Transformer": "text",
}  # fmt: skip


def workload_of(kind, model):
    """Return a workload of made-up rows; texts are padded, and one of them is empty."""
    inputs = KINDS[kind]
    made = rows(inputs, 200).numpy()
    if inputs.kind == "text":
        made[np.arange(12) >= np.random.default_rng(0).integers(0, 12, size=(200, 1))] = 0
    if inputs.sparse:
        made = sp.csr_matrix(made * (made > 1))
    labels = np.arange(200) % 5
    return workload_from_code(Workload(train=(made, labels), kind=inputs.kind, model=model), source="made")


def off(proto, model, inputs):
    with torch.inference_mode():
        wanted = model(inputs).numpy()
    deployed = run(session(proto.SerializeToString()), inputs.numpy())
    assert deployed.shape == wanted.shape
    return np.abs(deployed - wanted).max() / max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize(("name", "kind"), FORMS.items())
def test_every_model_answers_as_in_torch_and_nearly_so_in_16_and_8_bits(name, kind):
    assert FORMS.keys() == TAKEN.keys()
    workload = workload_of(kind, MODELS[name]())
    subject = TrainedModel(model=build(MODELS[name](), workload.dataset.inputs).train(), workload=workload)
    made = export(subject)
    inputs = torch.from_numpy(made.rows)

    for batch in (1, 2, 33):
        assert off(made.proto, subject.model.eval(), inputs[:batch]) < 1e-5
    matrices = name not in {"Conv1D", "ResNet"}  # the others have next to nothing but convolutions
    for way in ("Float16", "StaticInt8", *["DynamicInt8"] * matrices):
        proto = catalogue.find("quantization", way)().quantize(made)
        assert off(proto, subject.model, inputs[:33]) < 0.1
    packed = catalogue.find("quantization", "WeightOnly")(bits=8).quantize(made)
    assert off(packed, subject.model, inputs[:33]) < 0.05


def test_the_file_says_nothing_of_the_machine_it_was_made_on():
    workload = workload_of("table", MODELS["MLP"]())
    graph = export(
        TrainedModel(model=build(MODELS["MLP"](), KINDS["table"]), workload=workload)
    ).proto.SerializeToString()
    assert all(trace not in graph for trace in (b"site-packages", b'.py"', b"forward", b"Traceback"))


class Odd(nn.Module):
    """Much of what users write: a tied layer, a custom layer, weight norm, an LSTM, a bag of words."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(7, 7), nn.Linear(7, 7)
        self.second.weight = self.first.weight
        self.norm, self.drop = nn.BatchNorm1d(7), nn.Dropout(0.5)
        self.mixing = nn.Parameter(torch.randn(7, 8))
        self.steps = nn.LSTM(8, 6, batch_first=True, bidirectional=True)
        self.words = nn.EmbeddingBag(10, 12, mode="sum")
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(12, 5))

    def forward(self, rows):
        hidden = self.drop(self.norm(self.second(torch.relu(self.first(rows)))))
        states, _ = self.steps(torch.einsum("bi,io->bo", hidden, self.mixing).unsqueeze(1))
        return self.head(states[:, -1] + self.words(rows.abs().clamp(max=9).long()))


def test_a_model_with_odd_parts_answers_as_in_torch():
    torch.manual_seed(0)
    subject = TrainedModel(model=Odd(), workload=workload_of("table", MODELS["MLP"]()))
    made = export(subject)
    assert off(made.proto, subject.model, torch.from_numpy(made.rows)) < 1e-5
    for way in ("WeightOnly", "DynamicInt8", "MixedPrecision"):
        proto = catalogue.find("quantization", way)().quantize(made)
        assert off(proto, subject.model, torch.from_numpy(made.rows)) < 0.3
    assert any(isinstance(module, nn.EmbeddingBag) for module in subject.model.modules())


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(7, 5), nn.Linear(7, 5)

    def forward(self, rows):
        return self.one(rows) if rows.sum() > 0 else self.other(rows)


class Drawing(nn.Module):
    """Answers at random even in evaluation."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(7, 5)

    def forward(self, rows):
        return self.head(rows + torch.randn_like(rows))


@pytest.mark.parametrize(
    ("model", "said"),
    [(Branching, "cannot be exported to ONNX"), (Drawing, "answers the same rows otherwise each time")],
)
def test_what_cannot_be_exported_is_refused_in_one_line(model, said, capfd):
    with pytest.raises(CannotCompress) as caught:
        export(TrainedModel(model=model(), workload=workload_of("table", MODELS["MLP"]())))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert capfd.readouterr() == ("", "")


def test_the_first_export_of_a_process_prints_nothing():
    code = """
from studies.deployment.export import export
from studies.weights.trained_model import TrainedModel
from studies.workload_opening import open_source
from studies.quantization.static_int8 import StaticInt8
from studies.quantization.dynamic_int8 import DynamicInt8
workload = open_source("iris", model="mlp")
made = export(TrainedModel(model=workload.build(workload.model), workload=workload))
StaticInt8().quantize(made)
DynamicInt8().quantize(made)
"""
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_two_layers_that_share_a_matrix_are_right_in_dynamic_8_bits():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.Linear(7, 7), nn.Linear(7, 5)

        def forward(self, rows):
            return self.head(self.layer(torch.relu(self.layer(rows))))

    torch.manual_seed(0)
    subject = TrainedModel(model=Shared(), workload=workload_of("table", MODELS["MLP"]()))
    made = export(subject)
    proto = catalogue.find("quantization", "DynamicInt8")().quantize(made)
    assert off(proto, subject.model, torch.from_numpy(made.rows)) < 0.05
