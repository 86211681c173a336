"""Footprint: what is measured on a deployed file, and how.

- bytes: the file as stored, and the same through gzip at level 6; unpacked again it must answer the same.
- latency: median and 90th percentile of warm passes at batch 1 and 64, in processor time of the one thread
  they run on, in turns with the uncompressed 32-bit model in the same runtime, so that a busy machine
  troubles neither; a compression study times while none of its workers does anything else, as they share
  caches and memory. What torch itself takes, on one thread too, is told apart: the runtime gives that, not
  compression.
- inference bytes: how much a fresh process grew at its fullest while it loaded the file and answered 64 rows.
  It has answered with a tiny model before, else the 9 MB that the runtime takes at its first answer would
  hide every small one. To 0.1 MB.
- quality and agreement: of outputs for up to 4096 rows at a time. A file that quantizes activations as they
  come looks at the rows beside, so that it answers a shade otherwise in batches of another size.
- agreement: the share of validation rows with the same class as the uncompressed model; of a regression, 1
  less the squared difference over the variance of the uncompressed outputs.
- sparsity: zeros among the prunable weights (two or more dimensions) just before quantization, which keeps
  zeros zero.
- MACs: of matrix products, convolutions and attention for one row, see `studies.measure.model.macs`; zeros
  are counted in, since nothing here skips them.
"""

from __future__ import annotations

import gzip
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from studies.data.rows import tensors
from studies.deployment.export import run, session
from studies.errors import one_line
from studies.infeasible import CannotCompress
from studies.measure.model import passes
from studies.measure.threads import threads
from studies.record import Latency

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from studies.loaded_workload import LoadedWorkload

BATCHES: Final = (1, 64)
WARMUP: Final = 5
LEAST_PASSES: Final = 30
MOST_PASSES: Final = 1000
TIMED_SECONDS: Final = 0.15
"""Of timed passes, a model and a batch size."""
GZIP_LEVEL: Final = 6
TIMEOUT_SECONDS: Final = 300
OPSET, IR_VERSION = 18, 9  # of the tiny model; old enough for every runtime that is asked for
FRESH: Final = """
import sys
import numpy, onnxruntime
def status_bytes(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) * 1024
def answered(path, rows):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    running = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    for _ in range(3):
        running.run(None, {running.get_inputs()[0].name: rows})
    return running
rows = numpy.load(sys.argv[1])
warm = answered(sys.argv[3], numpy.zeros((len(rows), 8), "float32"))
try:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
except OSError:
    pass
before = status_bytes("VmRSS")
running = answered(sys.argv[2], rows)
print(max(0, status_bytes("VmHWM") - before))
"""
"""Sets the peak back to what is in use before it looks at the model, where the kernel lets it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Deployed:
    """A file in its runtime, and its outputs on the validation rows."""

    graph: bytes
    running: Any
    outputs: NDArray[np.float32]
    quality: float

    @property
    def compressed_bytes(self) -> int:
        """Return the bytes of the file through gzip."""
        return len(gzip.compress(self.graph, GZIP_LEVEL, mtime=0))


def deployed(graph: bytes, workload: LoadedWorkload) -> Deployed:
    """Load a graph and score it on the validation split.

    Raises:
        CannotCompress: the runtime cannot load it, it answers with numbers that are not finite, or what was
            stored and loaded again answers otherwise.
    """
    inputs, targets = tensors(workload.dataset, "valid", torch.device("cpu"))
    rows = inputs[:].numpy()
    try:
        running = session(graph)
        outputs = run(running, rows)
    except Exception as error:  # whatever the runtime raises on a graph it has no kernel for
        raise CannotCompress(f"ONNX Runtime cannot run it: {one_line(error, longest=300)}") from error
    if not np.isfinite(outputs).all():
        raise CannotCompress("its deployed file answers with numbers that are not finite")
    again = session(gzip.decompress(gzip.compress(graph, GZIP_LEVEL, mtime=0)))
    one_batch = rows[: max(BATCHES)]  # some files scale activations by what else is in a batch
    if not np.array_equal(run(again, one_batch), run(running, one_batch)):
        raise CannotCompress("stored and loaded again it answers otherwise")
    return Deployed(
        graph=graph,
        running=running,
        outputs=outputs,
        quality=workload.score(torch.from_numpy(outputs), targets),
    )


def score(running: Any, workload: LoadedWorkload, part: str) -> float:
    """Return the metric of a file in its runtime on a split."""
    inputs, targets = tensors(workload.dataset, part, torch.device("cpu"))
    return workload.score(torch.from_numpy(run(running, inputs[:].numpy())), targets)


def latencies(running: Any, reference: Any, model: nn.Module, rows: torch.Tensor) -> tuple[Latency, ...]:
    """Return the latency of a deployed model at each batch size, timed in turns with the uncompressed one.

    Args:
        running: what is timed, a file in its runtime.
        reference: the uncompressed model in the same runtime.
        model: the uncompressed model in torch.
        rows: as many as the largest batch.
    """
    measured = []
    for batch in BATCHES:
        inputs = rows[:batch]
        seconds, reference_seconds = _turns(running, reference, inputs.numpy())
        with threads(1):
            eager = passes(model, inputs, repeats=15, clock=time.thread_time)
        measured.append(
            Latency(
                batch=batch,
                median_seconds=statistics.median(seconds),
                p90_seconds=float(np.quantile(seconds, 0.9)),
                reference_seconds=statistics.median(reference_seconds),
                eager_seconds=statistics.median(eager),
            )
        )
    return tuple(measured)


def _turns(running: Any, reference: Any, rows: NDArray[Any]) -> tuple[list[float], list[float]]:
    """Time two sessions pass by pass in turns."""
    answer, reference_answer = _call(running, rows), _call(reference, rows)
    seconds: list[float] = []
    reference_seconds: list[float] = []
    for _ in range(WARMUP):
        answer(), reference_answer()
    while len(seconds) < LEAST_PASSES or (sum(seconds) < TIMED_SECONDS and len(seconds) < MOST_PASSES):
        seconds.append(_seconds(answer))
        reference_seconds.append(_seconds(reference_answer))
    return seconds, reference_seconds


def _call(running: Any, rows: NDArray[Any]) -> Callable[[], Any]:
    feed = {running.get_inputs()[0].name: rows}
    return lambda: running.run(None, feed)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def agreement(file: Deployed, reference: Deployed, task: str) -> float:
    """Return how far a model answers as the uncompressed one does: 1 for the same."""
    if task == "classification":
        return float((file.outputs.argmax(axis=1) == reference.outputs.argmax(axis=1)).mean())
    variance = float(reference.outputs.var())
    return 1.0 - float(np.square(file.outputs - reference.outputs).mean()) / variance if variance else 1.0


def inference_bytes(graph: bytes, rows: NDArray[Any]) -> int | None:
    """Return the bytes that a fresh process grew while it loaded a graph and answered the rows.

    None on all systems but Linux.
    """
    if not sys.platform.startswith("linux"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        np.save(directory / "rows.npy", rows)
        (directory / "model.onnx").write_bytes(graph)
        (directory / "warm.onnx").write_bytes(_tiny())
        files = [str(directory / name) for name in ("rows.npy", "model.onnx", "warm.onnx")]
        try:
            process = subprocess.run(  # noqa: S603 - our own text in our own interpreter, blind to modules in the working directory
                [sys.executable, "-P", "-c", FRESH, *files],
                capture_output=True,
                text=True,
                check=False,
                timeout=TIMEOUT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return None
    return int(process.stdout) if process.returncode == 0 else None


def _tiny() -> bytes:
    """Return a graph of one small product, which brings the runtime in."""
    from onnx import TensorProto, helper

    weight = helper.make_tensor("weight", TensorProto.FLOAT, [8, 8], [0.0] * 64)
    shapes = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 8]) for name in ("inputs", "outputs")
    ]
    product = helper.make_node("MatMul", ["inputs", "weight"], ["outputs"])
    graph = helper.make_graph([product], "tiny", shapes[:1], shapes[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return bytes(model.SerializeToString())
