"""Deployment: a float model exported to one ONNX graph, and how ONNX Runtime runs it.

`torch.onnx.export` through dynamo, with any number of rows. The value infos that it writes are cleared, since
ONNX Runtime's quantizer stumbles over those that it infers otherwise; so are its notes on where in the source
each node came from, which name paths of the machine and weigh as much as a small net.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from studies.imports import require
from studies.infeasible import CannotCompress
from studies.models.copies import copied

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.loaded_workload import LoadedWorkload
    from studies.weights.trained_model import TrainedModel

EXTRA: Final = "compression"
ROWS: Final = "rows"
OUTPUTS: Final = "outputs"
CLOSE: Final = 1e-3
"""Largest difference, relative to the outputs' size, between torch and ONNX Runtime that is rounding."""
BLOCK_ROWS: Final = 4096
"""Rows at a time, of which a file that quantizes activations as they come looks at all."""
CHECKED_ROWS: Final = (1, 2, 33)
"""Batch sizes at which an export is compared with torch."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Exported:
    """A float model as one ONNX graph, and the training rows that a quantizer may calibrate on."""

    proto: ModelProto
    program: Any
    """The same as torch's own exported program, which plain torch saves and loads."""
    rows: NDArray[Any]
    """Calibration inputs, (rows, ...)."""
    targets: torch.Tensor
    workload: LoadedWorkload
    notes: list[str] = field(default_factory=list)
    """What was left untreated and why, in clauses for the record."""

    def copy(self) -> ModelProto:
        """Return a graph of one's own to change."""
        from onnx import ModelProto

        proto = ModelProto()
        proto.CopyFrom(self.proto)
        return proto

    def loss(self, proto: ModelProto) -> float:
        """Return the plain mean loss of a graph over the calibration rows, in ONNX Runtime."""
        outputs = torch.from_numpy(run(session(proto.SerializeToString()), self.rows))
        return float(self.workload.loss(outputs, self.targets))


def export(trained: TrainedModel) -> Exported:
    """Return a model as an ONNX graph that answers as torch does.

    Raises:
        CannotCompress: it cannot be exported, or answers otherwise than torch.
    """
    model, (inputs, targets) = trained.model.cpu().eval(), trained.rows
    program, proto = graph_of(model, inputs.cpu())
    return Exported(
        proto=proto,
        program=program,
        rows=inputs.cpu().numpy(),
        targets=targets.cpu(),
        workload=trained.workload,
    )


def graph_of(model: nn.Module, inputs: torch.Tensor) -> tuple[Any, ModelProto]:
    """Return a model as torch's exported program and as an ONNX graph that answers as torch does.

    Args:
        model: in evaluation mode, on the CPU.
        inputs: rows to trace it with and to compare the answers on, 33 at best.

    Raises:
        CannotCompress: it cannot be exported, or answers otherwise than torch.
    """
    require("onnx", EXTRA, "compression")
    require("onnxscript", EXTRA, "compression")
    try:
        with quiet(), cached_operators():
            program = torch.onnx.export(
                _without_bags(model),
                (inputs[:2],),
                dynamo=True,
                verbose=False,
                input_names=[ROWS],
                output_names=[OUTPUTS],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
            )
            proto = None if program is None else _plain(program.model_proto)
    except Exception as error:  # whatever torch's exporter raises on somebody's model
        raise CannotCompress(f"cannot be exported to ONNX: {_reason(error)}") from error
    if program is None or proto is None:
        raise CannotCompress("cannot be exported to ONNX: torch exported nothing")
    _check(model, proto, inputs)
    return program.exported_program, proto


def _hint(error: Exception) -> str:
    """Return what to do about a graph that was exported for as many rows as it was traced with alone."""
    if "invalid dimensions for input" not in str(error).lower():
        return ""
    return "; count rows in the forward pass with x.shape[0], not with len(x) or int(...)"


def _reason(error: BaseException) -> str:
    """Return what first went wrong, in one line; torch wraps it in reports of many."""
    while error.__cause__ is not None:
        error = error.__cause__
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first[:200]}".removesuffix(": ")


def _plain(proto: ModelProto) -> ModelProto:
    """Drop what a graph says of itself beyond what it computes."""
    proto.doc_string = ""
    for graph in (proto.graph, *proto.functions):
        del graph.value_info[:], graph.metadata_props[:]
        graph.doc_string = ""
        for part in graph.node:
            part.doc_string = ""
            del part.metadata_props[:]
    for part in (*proto.graph.initializer, *proto.graph.input, *proto.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del proto.metadata_props[:]
    return proto


class _Bag(nn.Module):
    """What an `EmbeddingBag` computes from rows of ids without offsets.

    Its own export is a loop over the rows.
    """

    def __init__(self, bag: nn.EmbeddingBag) -> None:
        super().__init__()
        self.weight, self.padding, self.mean = bag.weight, bag.padding_idx, bag.mode == "mean"

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Map (batch, words) to (batch, width)."""
        not_padding = torch.ones_like(ids) if self.padding is None else (ids != self.padding).to(ids.dtype)
        counts = not_padding.unsqueeze(-1).to(self.weight.dtype)
        total = (nn.functional.embedding(ids, self.weight) * counts).sum(dim=1)
        return total / counts.sum(dim=1).clamp(min=1.0) if self.mean else total


def _without_bags(model: nn.Module) -> nn.Module:
    """Return a model without bags of embeddings; the same one if it has none."""

    def replaced(module: nn.Module) -> bool:
        return type(module) is nn.EmbeddingBag and module.mode != "max" and not module.include_last_offset

    if replaced(model):
        return _Bag(model)  # type: ignore[arg-type]
    if not any(replaced(module) for module in model.modules()):
        return model
    model = copied(model)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if replaced(child):
                setattr(module, name, _Bag(child))  # type: ignore[arg-type]
    return model.eval()


@torch.no_grad()
def _check(model: nn.Module, proto: ModelProto, inputs: torch.Tensor) -> None:
    """Compare a graph with torch at several batch sizes."""
    try:
        running = session(proto.SerializeToString())
        answers = [
            (model(rows).numpy(), run(running, rows.numpy()))
            for rows in (inputs[:size] for size in CHECKED_ROWS)
        ]
        again = model(inputs[: CHECKED_ROWS[-1]]).numpy()
    except Exception as error:
        # whatever the runtime raises on a graph it has no kernel for, or the model on so many rows
        raise CannotCompress(f"its ONNX export does not run: {_reason(error)}{_hint(error)}") from error
    if not np.array_equal(again, answers[-1][0], equal_nan=True):
        raise CannotCompress(
            "it answers the same rows otherwise each time in evaluation mode; "
            "where that is dropout, give it training=self.training"
        )
    for expected, answer in answers:
        if answer.shape != expected.shape:
            raise CannotCompress(
                f"its ONNX export answers {answer.shape} where torch answers {expected.shape}"
            )
        difference = float(np.abs(answer - expected).max()) / max(1.0, float(np.abs(expected).max()))
        if not difference <= CLOSE:
            raise CannotCompress(
                f"its ONNX export answers otherwise than torch, by {difference:.2g} of the outputs' size"
            )


def written(write: Callable[[str], None]) -> ModelProto:
    """Return the graph that ONNX Runtime's quantizers write to the path they are given."""
    import onnx

    with tempfile.TemporaryDirectory() as folder, quiet():
        path = Path(folder) / "model.onnx"
        write(str(path))
        return onnx.load(path)


def session(graph: bytes) -> Any:
    """Return an ONNX Runtime session on one thread of the CPU."""
    runtime = require("onnxruntime", EXTRA, "compression")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised as well
    return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def run(running: Any, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Return a session's outputs, (rows, outputs), for inputs of any number of rows."""
    name = running.get_inputs()[0].name
    parts = [
        running.run(None, {name: inputs[start : start + BLOCK_ROWS]})[0]
        for start in range(0, len(inputs), BLOCK_ROWS)
    ]
    return np.concatenate(parts).astype(np.float32)


@contextmanager
def cached_operators() -> Iterator[None]:
    """Cache torch's table of ONNX operators inside the block.

    Torch builds it anew at every export, which is nearly half of the export's time. The table is a private
    part of torch: where it is not as in 2.13, exports take longer and nothing else changes.
    """
    try:
        from torch.onnx._internal.exporter._registration import ONNXRegistry

        original, cached = ONNXRegistry.__dict__["from_torchlib"], _cached_registry()
    except (ImportError, KeyError):
        yield
        return
    ONNXRegistry.from_torchlib = staticmethod(cached)  # type: ignore[method-assign]
    try:
        yield
    finally:
        ONNXRegistry.from_torchlib = original  # type: ignore[method-assign]


@cache
def _cached_registry() -> Any:
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    return cache(ONNXRegistry.from_torchlib)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what the exporter and the quantizers warn, log and print to themselves."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # torch's own loggers carry levels and handlers of their own
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):
            yield
    finally:
        logging.disable(disabled)
