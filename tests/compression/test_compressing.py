"""One trained model made small, from distillation to the deployed file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from copy import copy, deepcopy
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from studies.compression.checkpoint import Checkpoint
from studies.compression.pipeline import CompressionRun
from studies.distillation import DistillationChoice
from studies.distillation.hints import Hints
from studies.distillation.soft_targets import SoftTargets
from studies.finetuning.gradual import Gradual
from studies.finetuning.restart import Restart
from studies.finetuning.rewind import Rewind
from studies.infeasible import CannotCompress
from studies.models.cnn import CNN
from studies.models.custom import Custom
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.pruning import PruningChoice
from studies.quantization import QuantizationChoice
from studies.quantization.none import NoQuantization
from studies.recipe import Recipe
from studies.train import Training
from studies.weights.trained_model import sparsity_of
from studies.workload_opening import open_source
from studies.wrappers.ema import EMA
from studies.wrappers.lookahead import Lookahead

from waiting import HANG_SECONDS

EVENTS: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Smallest(PruningChoice):
    """Zero the smallest half of every weight."""

    def prune(self, subject, share=1.0):
        EVENTS.append(f"prune {sum(p.numel() for p in subject.model.parameters())}")
        with torch.no_grad():
            for weight in subject.weights.values():
                flat = weight.parameter.abs().flatten()
                flat_order = flat.argsort()[: round(0.5 * share * len(flat))]
                weight.parameter.view(-1)[flat_order] = 0.0


@dataclass(frozen=True, kw_only=True)
class Coarse(QuantizationChoice):
    """Round every weight to a number of steps; the file is as large as it was."""

    steps: int = 8

    def quantize(self, exported):
        from onnx import numpy_helper

        EVENTS.append("quantize")
        proto = exported.copy()
        for tensor in proto.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.ndim >= 2 and values.dtype == np.float32:
                step = np.abs(values).max() / self.steps
                tensor.CopyFrom(
                    numpy_helper.from_array((np.round(values / step) * step).astype(np.float32), tensor.name)
                )
        exported.notes.append(f"rounded to {self.steps} steps")
        return proto


@dataclass(frozen=True, kw_only=True)
class Aware(Coarse):
    """The same, told of beforehand."""

    aware: ClassVar[bool] = True

    def attach(self, training):  # noqa: ARG002
        EVENTS.append("attach")

    def settle(self, subject):  # noqa: ARG002
        EVENTS.append("settle")


@dataclass(frozen=True, kw_only=True)
class Told(DistillationChoice):
    """Note what is trained, and for how long."""

    def attach(self, training, teachers):
        EVENTS.append(
            f"teach {type(training.recipe.model).__name__} {training.recipe.epochs} by {len(teachers)}"
        )


@pytest.fixture(autouse=True)
def _no_events():
    EVENTS.clear()


@pytest.fixture(scope="module")
def digits():
    return open_source("digits", model="mlp")


def trained(workload, model, **others):
    recipe = Recipe(model=model, optimizer=AdamW(lr=0.01), epochs=4, batch_size=64, **others)
    run = Training(recipe, workload, seed=0)
    run.advance(4)
    run.restore_best()
    return Checkpoint(
        number=5, recipe=recipe, seed=0, model=run.model, workload=workload, device=torch.device("cpu")
    )


@pytest.fixture(scope="module")
def mlp(digits):
    return trained(digits, MLP(width=24, depth=1))


@pytest.fixture(scope="module")
def cnn(digits):
    return trained(digits, CNN(channels=4, hidden=16))


def go_on():
    return False


def compressed(source, *, folder=None, unquantized=None, **axes):
    run = CompressionRun(
        recipe=replace(source.recipe, **axes),
        source=source,
        folder=folder,
        unquantized={} if unquantized is None else unquantized,
    )
    assert run.advance(1, stop=go_on)
    return run


def untimed(run):
    """Return what was measured but for times and the bytes that a process was seen to hold."""
    fields = run.measure_outcome(whole=True, test=False)
    footprint = asdict(fields.pop("footprint"))
    times = {
        "train_seconds",
        "latency_seconds",
        "latencies",
        "finetuning_seconds",
        "inference_bytes",
        "reference_inference_bytes",
    }
    curve = [replace(point, seconds=0.0) for point in run.curve]
    return [
        {key: value for key, value in measured.items() if key not in times}
        for measured in (fields, footprint)
    ], curve


def test_nothing_done_is_the_source_itself(mlp):
    run = compressed(mlp)
    footprint = run.outcome["footprint"]

    assert (footprint.file_bytes, footprint.compressed_bytes) == (
        footprint.reference_bytes,
        footprint.reference_compressed_bytes,
    )
    assert (footprint.agreement, run.outcome["quality"]) == (1.0, footprint.reference_quality)
    assert (run.curve, run.epoch, run.seconds, run.outcome["sparsity"]) == ([], 0, 0.0, 0.0)
    assert footprint.path is None
    assert run.measure_outcome(whole=False, test=False) == {"train_seconds": 0.0}
    run.close()


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_a_pruned_and_fine_tuned_model_keeps_its_zeros_and_its_quality(kind, request):
    source = request.getfixturevalue(kind)
    run = compressed(source, pruning=Smallest(), finetuning=Restart(share=0.5))

    assert run.outcome["sparsity"] == pytest.approx(0.5, abs=0.01)
    assert run.outcome["quality"] > run.outcome["footprint"].reference_quality - 0.1
    assert (
        run.outcome["footprint"].compressed_bytes < 0.8 * run.outcome["footprint"].reference_compressed_bytes
    )
    assert run.outcome["footprint"].finetuning_seconds == run.seconds == run.curve[-1].seconds > 0
    assert run.outcome["model_bytes"] == run.outcome["footprint"].file_bytes


@pytest.mark.parametrize(
    ("wrapper", "finetuning"),
    [(EMA(), Restart(share=0.5)), (EMA(), Gradual(share=0.5)), (Lookahead(), Gradual(share=0.5))],
    ids=["average", "average-gradual", "lookahead-gradual"],
)
def test_masks_hold_whatever_averages_the_weights(wrapper, finetuning, mlp):
    source = copy(mlp)
    source.recipe = replace(mlp.recipe, wrappers=(wrapper,))
    run = compressed(source, pruning=Smallest(), finetuning=finetuning)
    [made] = run.unquantized.values()

    assert made.sparsity == pytest.approx(0.5, abs=0.01)
    zeros = [np.mean(tensor == 0) for tensor in initializers(made.exported.proto) if tensor.ndim >= 2]
    assert zeros == pytest.approx([0.5] * len(zeros), abs=0.01)
    assert run.outcome["quality"] > 0.7


def initializers(proto):
    from onnx import numpy_helper

    return [numpy_helper.to_array(tensor) for tensor in proto.graph.initializer]


def test_stages_come_in_order_from_teaching_to_quantizing(mlp):
    student = MLP(width=16, depth=1)
    compressed(
        mlp,
        model=student,
        distillation=Told(),
        pruning=Smallest(),
        finetuning=Rewind(share=0.5),
        quantization=Aware(),
    )
    size = sum(parameter.numel() for parameter in mlp.workload.build(student).parameters())

    assert ["teach MLP 4 by 1", f"prune {size}", "attach", "teach MLP 2 by 1", "settle", "quantize"] == EVENTS


def test_a_student_of_another_size_is_trained_for_the_whole_recipe_and_then_fine_tuned(mlp):
    run = compressed(
        mlp, model=MLP(width=16, depth=1), distillation=SoftTargets(), finetuning=Rewind(share=0.5)
    )
    [made] = run.unquantized.values()

    assert [point.epoch for point in run.curve] == [1, 2, 3, 4, 5, 6] == list(range(1, run.epoch + 1))
    assert all(
        left.step < right.step and left.seconds < right.seconds
        for left, right in zip(run.curve, run.curve[1:], strict=False)
    )
    assert made.parameters == 64 * 16 + 16 + 16 * 10 + 10 < run.outcome["footprint"].reference_parameters
    assert run.outcome["macs"] == 64 * 16 + 16 * 10
    assert run.outcome["quality"] > 0.8


def test_the_source_is_its_own_teacher_when_its_copy_is_fine_tuned_and_finalists_are_heard_beside(mlp, cnn):
    recipe = replace(mlp.recipe, distillation=Told(), finetuning=Rewind(share=0.25))
    stops = iter((False, True))

    assert not CompressionRun(recipe=recipe, source=mlp, teachers=(cnn.model,)).advance(
        1, stop=lambda: next(stops)
    )
    assert EVENTS == ["teach MLP 1 by 2"]


def test_the_source_and_the_finalists_are_bit_for_bit_what_they_were(mlp, cnn):
    before = [deepcopy(source.model.state_dict()) for source in (mlp, cnn)]
    modes = [module.training for module in mlp.model.modules()]
    taught = SoftTargets(teacher="ensemble")
    recipe = replace(
        mlp.recipe,
        distillation=taught,
        pruning=Smallest(),
        finetuning=Restart(share=0.25),
        quantization=Coarse(),
    )
    assert CompressionRun(recipe=recipe, source=mlp, teachers=(cnn.model,)).advance(1, stop=go_on)

    assert all(
        torch.equal(tensor, source.model.state_dict()[name])
        for source, state in zip((mlp, cnn), before, strict=True)
        for name, tensor in state.items()
    )
    assert [module.training for module in mlp.model.modules()] == modes
    assert sparsity_of(mlp.model) == 0.0


def test_quantizations_after_training_share_what_was_made_and_do_not_train_again(mlp):
    made = {}
    axes = {"pruning": Smallest(), "finetuning": Rewind(share=0.25), "distillation": Told()}
    runs = [
        compressed(mlp, unquantized=made, quantization=q, **axes)
        for q in (NoQuantization(), Coarse(steps=8), Coarse(steps=2))
    ]
    [(_, shared)] = made.items()

    assert sum(event.startswith("teach") for event in EVENTS) == 1
    assert [run.outcome["footprint"].notes for run in runs] == [
        (),
        ("rounded to 8 steps",),
        ("rounded to 2 steps",),
    ]
    assert shared.notes == ()
    assert len({run.outcome["footprint"].agreement for run in runs}) == 3
    assert all(run.curve == runs[0].curve for run in runs)


def test_quantization_that_training_knows_of_is_not_shared(mlp):
    made = {}
    for quantization in (Aware(steps=8), Aware(steps=2)):
        compressed(mlp, unquantized=made, finetuning=Rewind(share=0.25), quantization=quantization)

    assert len(made) == 2
    assert EVENTS.count("attach") == 2


def test_one_source_does_not_take_what_another_made(mlp):
    other = copy(mlp)
    other.number = 6

    assert (
        CompressionRun(recipe=mlp.recipe, source=mlp)._key
        != CompressionRun(recipe=mlp.recipe, source=other)._key
    )


def test_told_to_stop_it_returns_false_and_leaves_nothing_behind(mlp, tmp_path):
    recipe = replace(
        mlp.recipe, model=MLP(width=16, depth=1), pruning=Smallest(), finetuning=Restart(share=0.25)
    )
    for patience in (0, 1, 30, 78):  # at once, in the first epoch, in the second, in the fine-tuning
        run = CompressionRun(recipe=recipe, source=mlp, folder=tmp_path / "files")
        looks = iter(range(1000))

        assert not run.advance(1, stop=lambda: next(looks) >= patience)  # noqa: B023 - called within the loop's turn
        assert (run.curve, run.epoch, run.unquantized, run.outcome) == ([], 0, {}, {})
        assert run.measure_outcome(whole=True, test=False) == {"train_seconds": 0.0}
    assert not (tmp_path / "files").exists()


def test_the_same_recipe_twice_gives_the_same_but_for_times(mlp, tmp_path):
    axes = {
        "model": MLP(width=16, depth=1), "distillation": Hints(), "pruning": Smallest(),
        "finetuning": Gradual(share=0.25), "quantization": Coarse(),
    }  # fmt: skip
    first = compressed(mlp, folder=tmp_path, **axes)
    torch.rand(5)
    second = compressed(mlp, folder=tmp_path, **axes)

    assert untimed(first) == untimed(second)
    assert first.outcome["footprint"].path is not None


READ_ONNX = """
import sys, json, numpy, onnxruntime
running = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
outputs = running.run(None, {running.get_inputs()[0].name: numpy.load(sys.argv[2])})[0]
"""
READ_PT2 = """
import sys, json, numpy, torch
outputs = torch.export.load(sys.argv[1]).module()(torch.from_numpy(numpy.load(sys.argv[2]))).detach().numpy()
"""
TELL = """
ours = [name for name in sys.modules if name.split(".")[0] in ("studies", "advisor", "dashboard")]
print(json.dumps([outputs.tolist(), ours]))
"""


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_the_files_answer_in_a_fresh_process_without_this_package(kind, request, tmp_path):
    source = request.getfixturevalue(kind)
    run = compressed(source, folder=tmp_path / "files", pruning=Smallest(), quantization=Coarse())
    rows = source.workload.dataset.valid.inputs
    np.save(tmp_path / "rows.npy", rows)
    where = tmp_path / "files" / run.outcome["footprint"].path
    answers = torch.tensor(read(READ_ONNX, where, tmp_path))
    targets = torch.from_numpy(source.workload.dataset.valid.targets)
    floats = read(READ_PT2, where.with_suffix(".pt2"), tmp_path)
    [made] = run.unquantized.values()

    assert where.stat().st_size == run.outcome["model_bytes"]
    assert source.workload.score(answers, targets) == run.outcome["quality"]
    assert (answers.argmax(1).numpy() == source.deployed.outputs.argmax(1)).mean() == run.outcome[
        "footprint"
    ].agreement
    np.testing.assert_allclose(floats, float_outputs(made, rows), atol=1e-4)  # pruned, and never quantized
    assert not np.allclose(floats, answers.numpy(), atol=1e-3)


def read(program, path, folder):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    (folder / "empty").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program + TELL, str(path), str(folder / "rows.npy")],
        cwd=folder / "empty",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_SECONDS,
    )
    outputs, ours = json.loads(done.stdout)
    assert ours == []
    return outputs


def float_outputs(made, rows):
    from studies.deployment.export import run, session

    return run(session(made.exported.proto.SerializeToString()), rows)


class Branching(nn.Module):
    """A module whose way depends on the values of its rows, which no exporter follows."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, inputs):
        rows = inputs.flatten(1)
        return self.layer(rows) if float(rows.sum()) > 0 else self.layer(-rows)


def test_a_model_that_cannot_be_exported_is_told_before_anything_is_trained(digits):
    recipe = Recipe(
        model=Custom(factory=f"{__file__}:Branching"),
        epochs=2,
        finetuning=Rewind(share=0.25),
        distillation=Told(),
    )
    source = Checkpoint(
        number=1, recipe=recipe, seed=0, model=Branching(), workload=digits, device=torch.device("cpu")
    )

    with pytest.raises(CannotCompress, match="cannot be exported to ONNX") as caught:
        CompressionRun(recipe=recipe, source=source).advance(1, stop=go_on)
    assert "\n" not in str(caught.value)
    assert EVENTS == []
