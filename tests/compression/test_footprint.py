"""What is measured on a deployed file."""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from studies.compression.checkpoint import Checkpoint
from studies.deployment import footprint
from studies.deployment.export import session
from studies.deployment.footprint import BATCHES, agreement, deployed, inference_bytes, latencies
from studies.infeasible import CannotCompress
from studies.measure.model import macs
from studies.models.mlp import MLP
from studies.recipe import Recipe
from studies.workload_opening import open_source

NET = MLP(width=16, depth=1)


def source(workload, model=NET):
    recipe = Recipe(model=model)
    torch.manual_seed(0)
    return Checkpoint(
        number=3,
        recipe=recipe,
        seed=0,
        model=workload.build(model),
        workload=workload,
        device=torch.device("cpu"),
    )


@pytest.fixture(scope="module")
def of_iris(iris):
    return source(iris)


def graph(*nodes, columns=4, outputs=3):
    """Return a graph of these nodes from `rows` to `outputs`."""
    shapes = [
        helper.make_tensor_value_info(*tensor)
        for tensor in (("rows", 1, ["n", columns]), ("outputs", 1, ["n", outputs]))
    ]
    made = helper.make_graph(list(nodes), "made", shapes[:1], shapes[1:])
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    ).SerializeToString()


def constant(name, values):
    tensor = helper.make_tensor(name, TensorProto.FLOAT, np.shape(values), np.ravel(values).tolist())
    return helper.make_node("Constant", [], [name], value=tensor)


def test_a_file_through_gzip_is_counted_and_is_the_same_file(of_iris):
    deployed = of_iris.deployed

    assert deployed.compressed_bytes == len(gzip.compress(deployed.graph, 6, mtime=0)) < len(deployed.graph)
    assert session(deployed.graph) is not None


def test_a_deployed_file_holds_the_weights_and_little_else(of_iris):
    weights = 4 * of_iris.parameters

    assert weights < len(of_iris.deployed.graph) < weights + 1000
    assert b"stack_trace" not in of_iris.deployed.graph
    assert b".py" not in of_iris.deployed.graph


def test_quality_is_that_of_the_outputs_in_the_runtime(of_iris, iris):
    inputs, targets = (
        torch.from_numpy(iris.dataset.valid.inputs),
        torch.from_numpy(iris.dataset.valid.targets),
    )

    assert of_iris.deployed.quality == iris.score(of_iris.model.eval()(inputs).detach(), targets)
    np.testing.assert_allclose(of_iris.deployed.outputs, of_iris.model(inputs).detach().numpy(), atol=1e-5)


def test_a_file_whose_answers_depend_on_the_rows_beside_is_the_same_file_when_loaded_again(iris):
    beside = graph(
        helper.make_node("ReduceMax", ["rows"], ["most"], keepdims=0),
        helper.make_node("Div", ["rows", "most"], ["scaled"]),
        constant("weight", np.eye(4, 3)),
        helper.make_node("MatMul", ["scaled", "weight"], ["outputs"]),
    )

    assert len(deployed(beside, iris).outputs) == iris.valid_rows


def test_answers_that_are_not_finite_are_refused(iris):
    infinite = graph(
        constant("big", np.full((4, 3), 3e38)), helper.make_node("MatMul", ["rows", "big"], ["outputs"])
    )

    with pytest.raises(CannotCompress, match="not finite"):
        deployed(infinite, iris)


def test_a_graph_that_the_runtime_has_no_kernel_for_is_refused_in_one_line(iris):
    with pytest.raises(CannotCompress, match="ONNX Runtime cannot run it") as caught:
        deployed(graph(helper.make_node("NoSuchThing", ["rows"], ["outputs"])), iris)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("answers", "reference", "task", "wanted"),
    [
        ([[1, 0], [0, 1], [3, 2], [0, 1]], [[9, 1], [1, 2], [0, 1], [0, 4]], "classification", 0.75),
        ([[2.0], [4.0]], [[2.0], [4.0]], "regression", 1.0),
        ([[1.0], [3.0]], [[0.0], [4.0]], "regression", 1 - 1 / 4),
        ([[9.0], [-9.0]], [[0.0], [4.0]], "regression", 1 - (81 + 169) / 2 / 4),
        ([[2.0], [2.0]], [[2.0], [2.0]], "regression", 1.0),
    ],
)
def test_agreement_is_of_classes_or_of_variance(of_iris, answers, reference, task, wanted):
    both = [
        replace(of_iris.deployed, outputs=np.array(outputs, dtype=np.float32))
        for outputs in (answers, reference)
    ]

    assert agreement(*both, task) == pytest.approx(wanted)


def test_every_model_agrees_with_itself(of_iris):
    assert agreement(of_iris.deployed, of_iris.deployed, "classification") == 1.0


def test_a_regression_is_deployed_in_the_targets_own_units():
    diabetes = open_source("diabetes", model="mlp")
    checkpoint = source(diabetes)

    assert agreement(checkpoint.deployed, checkpoint.deployed, "regression") == 1.0
    assert checkpoint.deployed.quality == pytest.approx(
        diabetes.score(torch.from_numpy(checkpoint.deployed.outputs), valid(diabetes))
    )


def valid(workload):
    return torch.from_numpy(workload.dataset.valid.targets)


def test_latency_is_timed_at_each_batch_size_in_both_and_in_torch(of_iris, monkeypatch):
    monkeypatch.setattr(footprint, "TIMED_SECONDS", 0.0)
    threads = torch.get_num_threads()
    timed = latencies(of_iris.deployed.running, of_iris.deployed.running, of_iris.model, of_iris.rows)

    assert tuple(latency.batch for latency in timed) == BATCHES
    for latency in timed:
        assert 0 < latency.median_seconds <= latency.p90_seconds
        assert latency.reference_seconds > 0
        assert latency.eager_seconds > 0
    assert torch.get_num_threads() == threads


def test_few_validation_rows_are_timed_over_and_over(of_iris, iris):
    assert iris.valid_rows < max(BATCHES) == len(of_iris.rows)
    assert torch.equal(of_iris.rows[iris.valid_rows :], of_iris.rows[: max(BATCHES) - iris.valid_rows])


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux
def test_inference_bytes_are_the_models_and_not_the_runtimes(of_iris, monkeypatch, tmp_path):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "numpy.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.chdir(tmp_path)
    small = inference_bytes(of_iris.deployed.graph, of_iris.rows.numpy())
    weight = np.random.default_rng(0).standard_normal((4, 500_000))
    large = graph(
        constant("weight", weight),
        helper.make_node("MatMul", ["rows", "weight"], ["wide"]),
        constant("axes", [0.0]),
        helper.make_node("ReduceMax", ["wide"], ["most"], keepdims=1),
        constant("few", np.ones((1, 3))),
        helper.make_node("Mul", ["most", "few"], ["outputs"]),
    )

    assert 0 < small < 3e6
    assert inference_bytes(large, of_iris.rows.numpy()) > 4 * 4 * 500_000


@linux
def test_inference_bytes_of_a_file_that_cannot_be_run_are_unknown(of_iris):
    assert inference_bytes(b"no graph", of_iris.rows.numpy()) is None


def test_inference_bytes_are_unknown_elsewhere(of_iris, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    assert inference_bytes(of_iris.deployed.graph, of_iris.rows.numpy()) is None


def test_a_source_counts_its_parameters_and_products(of_iris):
    assert of_iris.parameters == 4 * 16 + 16 + 16 * 3 + 3
    assert of_iris.macs == macs(of_iris.model, of_iris.rows[:1]) == 4 * 16 + 16 * 3


def test_a_model_that_cannot_be_counted_has_no_macs(of_iris, iris):
    class Stubborn(torch.nn.Module):
        def forward(self, inputs):  # noqa: ARG002
            raise RuntimeError("not today")

    assert replace(of_iris, model=Stubborn()).macs is None


def test_passes_work_on_copies_of_a_source(of_iris):
    subject = of_iris.trained_model()
    with torch.no_grad():
        for parameter in subject.model.parameters():
            parameter.zero_()

    assert all(bool(parameter.any()) for parameter in of_iris.model.parameters())
