"""The deployed file: a float model exported to one ONNX graph, and how ONNX Runtime runs it.

`torch.onnx.export` through dynamo, with any number of rows. The value infos that it writes are cleared, since ONNX Runtime's
quantizer stumbles over those that it infers otherwise.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from studies.compression.subject import CannotCompress
from studies.evaluate import EVALUATION_ROWS
from studies.extras import require

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn

    from studies.compression.subject import Subject
    from studies.workload import Workload

EXTRA: Final = "compression"
ROWS: Final = "rows"
OUTPUTS: Final = "outputs"
CLOSE: Final = 1e-3
"""Largest difference, relative to the outputs' size, between torch and ONNX Runtime that is rounding."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Exported:
    """A float model as one ONNX graph, and the training rows that a quantizer may calibrate on."""

    proto: ModelProto
    program: Any
    """The same as torch's own exported program, which plain torch saves and loads."""
    rows: NDArray[Any]
    """Calibration inputs, (rows, ...)."""
    targets: torch.Tensor
    workload: Workload
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


def export(subject: Subject) -> Exported:
    """Return a model as an ONNX graph that answers as torch does.

    Raises:
        CannotCompress: it cannot be exported, or answers otherwise than torch.
    """
    require("onnx", EXTRA, "compression")
    require("onnxscript", EXTRA, "compression")
    model, (inputs, targets) = subject.model.cpu().eval(), subject.rows
    inputs = inputs.cpu()
    try:
        with quiet():
            program = torch.onnx.export(
                model, (inputs[:2],), dynamo=True, verbose=False, input_names=[ROWS], output_names=[OUTPUTS],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
            )  # fmt: skip
    except Exception as error:  # whatever torch's exporter raises on somebody's model
        reason = " ".join(str(error).split())[:300]
        raise CannotCompress(f"cannot be exported to ONNX: {type(error).__name__}: {reason}") from error
    if program is None:
        raise CannotCompress("torch exported nothing")
    proto = program.model_proto
    del proto.graph.value_info[:]
    _strip(proto)
    _check(model, proto, inputs)
    return Exported(
        proto=proto, program=program.exported_program, rows=inputs.numpy(), targets=targets.cpu(), workload=subject.workload
    )  # fmt: skip


def _strip(proto: ModelProto) -> None:
    """Take out what the exporter notes for people: nearly half of a small file, and the paths of the machine that made it."""
    graph = proto.graph
    nodes = [*graph.node, *(node for function in proto.functions for node in function.node)]
    for noted in (proto, graph, *nodes, *graph.input, *graph.output, *graph.initializer, *proto.functions):
        del noted.metadata_props[:]
        noted.doc_string = ""


@torch.inference_mode()
def _check(model: nn.Module, proto: ModelProto, inputs: torch.Tensor) -> None:
    wanted = model(inputs[:33]).numpy()
    found = run(session(proto.SerializeToString()), inputs[:33].numpy())
    difference = float(np.abs(found - wanted).max()) / max(1.0, float(np.abs(wanted).max()))
    if found.shape != wanted.shape or not difference <= CLOSE:
        raise CannotCompress(f"its ONNX export answers otherwise than torch, by {difference:.2g} of the outputs' size")


def session(graph: bytes) -> Any:
    """Return an ONNX Runtime session on one thread of the CPU."""
    runtime = require("onnxruntime", EXTRA, "compression")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def run(running: Any, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Return a session's outputs, (rows, outputs), for inputs of any number of rows."""
    name = running.get_inputs()[0].name
    parts = [
        running.run(None, {name: inputs[start : start + EVALUATION_ROWS]})[0] for start in range(0, len(inputs), EVALUATION_ROWS)
    ]
    return np.concatenate(parts).astype(np.float32)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter's and the quantizers' own warnings and log lines to themselves."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "onnxruntime", "torch.export", "")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
