"""Compression by hand with torchao and torch-pruning, as their READMEs show it, until the time is up.

For `benchmarks.by_hand`. In order: torchao's quantizations; pruning at .3, .5 and .7 with 5, then 10 epochs
of Adam; the pruned models quantized; finer ratios; longer fine-tuning. Latency is that of eager torch on one
thread, at each batch size in turns with the model it was made from.
"""

from __future__ import annotations

import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch

from studies.data.rows import first_rows, tensors
from studies.deployment.export import quiet
from studies.measure.outputs import outputs_of

if TYPE_CHECKING:
    from torch import nn

    from studies.loaded_workload import LoadedWorkload

HAND: Final = "as trained"
ROUNDS: Final = (
    ((0.3, 0.5, 0.7), 5),
    ((0.3, 0.5, 0.7), 10),
    ((0.2, 0.4, 0.6, 0.8), 5),
    ((0.2, 0.4, 0.6, 0.8), 10),
)
LATER: Final = tuple((tuple(0.1 * tenths for tenths in range(1, 10)), epochs) for epochs in (20, 40, 80))
"""Where the time is still not up: the same again with more epochs, since nothing else in the READMEs is left
to turn."""
REFUSED: Final = "int4 weights"
"""Wants a library for GPUs, or leaves the layers alone: tried once."""
BATCH: Final = 32
LR: Final = 1e-3
BATCHES: Final = (1, 64)
WARMUP: Final = 5
LEAST_PASSES: Final = 30
MOST_PASSES: Final = 1000
TIMED_SECONDS: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Point:
    """A compressed model; qualities are better when larger."""

    way: str
    quality: float
    """On the validation split."""
    test_quality: float
    bytes: int
    seconds: float
    """Median for 64 rows."""
    gain: float
    """Times faster than 32 bits in the same runtime, 64 rows."""
    gain_of_one_row: float

    def __str__(self) -> str:
        return (
            f"{self.way}: {self.bytes:,} bytes, {self.quality:.4f} (test {self.test_quality:.4f}), "
            f"{self.gain:.2f} x at 64 rows, {self.gain_of_one_row:.2f} x at 1, {1e6 * self.seconds:.0f} us"
        )


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of it."""

    points: tuple[Point, ...]
    seconds: float
    refused: int


@dataclass(kw_only=True, eq=False)
class Bench:
    """The trained model that everything is held against."""

    model: nn.Module
    workload: LoadedWorkload
    seed: int
    until: float

    @property
    def over(self) -> bool:
        """Tell whether the time is up."""
        return spent_seconds() >= self.until

    def weighed(self, way: str, model: nn.Module) -> Point:
        """Measure a model."""
        timed = [self._timed(model, batch) for batch in BATCHES]
        (one_row, reference_one_row), (rows, reference_rows) = timed
        return Point(
            way=way,
            bytes=saved_bytes(model),
            quality=self._score(model, "valid"),
            test_quality=self._score(model, "test"),
            seconds=rows,
            gain=reference_rows / rows,
            gain_of_one_row=reference_one_row / one_row,
        )

    def tuned(self, model: nn.Module, epochs: int) -> nn.Module | None:
        """Return the model fine-tuned, its best epoch on the validation split; None when the time ran out."""
        inputs, targets = tensors(self.workload.dataset, "train", torch.device("cpu"))
        optimizer = torch.optim.Adam(model.parameters(), lr=LR)
        order = torch.Generator().manual_seed(self.seed)
        best: tuple[float, nn.Module] | None = None
        for _ in range(epochs):
            model.train()
            for batch in torch.randperm(len(inputs), generator=order).split(BATCH):
                optimizer.zero_grad()
                self.workload.loss(model(inputs[batch]), targets[batch]).backward()
                optimizer.step()
            quality = self._score(model, "valid")
            if best is None or quality >= best[0]:
                best = quality, deepcopy(model)
            if self.over:
                return None
        return best[1].eval() if best else None

    def _score(self, model: nn.Module, part: str) -> float:
        inputs, targets = tensors(self.workload.dataset, part, torch.device("cpu"))
        return self.workload.score(outputs_of(model, inputs), targets)

    @torch.inference_mode()
    def _timed(self, model: nn.Module, batch: int) -> tuple[float, float]:
        """Return the median seconds of a model and of the one as trained."""
        rows = first_rows(self.workload.dataset.valid, batch)
        return in_turns(partial(model.eval(), rows), partial(self.model, rows))


def by_hand(model: nn.Module, workload: LoadedWorkload, *, seconds: float, seed: int) -> Tried:
    """Try one thing after the other until the time is up; what it runs out on counts for nothing."""
    start = spent_seconds()
    bench = Bench(model=model, workload=workload, seed=seed, until=start + seconds)
    points = [bench.weighed(HAND, model)]
    refused = 0
    pruned: dict[str, nn.Module] = {}
    for way, make in _ways(bench, pruned):
        if bench.over:
            break
        try:
            with quiet():
                made = make()
        except (ImportError, NotImplementedError, RuntimeError, ValueError, AssertionError):
            refused += 1
            continue
        if made is None or bench.over:
            break
        points.append(bench.weighed(way, made))
    return Tried(points=tuple(points), seconds=spent_seconds() - start, refused=refused)


def _ways(bench: Bench, pruned: dict[str, nn.Module]) -> Iterator[tuple[str, Callable[[], nn.Module | None]]]:
    if bench.over:
        return
    for name in quantizations():
        yield name, partial(_quantized, bench.model, name)
    first, later = (*ROUNDS[:2],), (*ROUNDS[2:], *LATER)
    for stage in (first, *((round_,) for round_ in later)):
        fresh = []
        for ratios, epochs in stage:
            for ratio in ratios:
                name = f"pruned {ratio:.1f}, {epochs} epochs"
                fresh.append(name)
                yield name, partial(_pruned, bench, ratio, epochs, pruned, name)
        for name in fresh:
            for quantization in filter(lambda name: name != REFUSED, quantizations()):
                yield f"{name}, {quantization}", partial(_quantized_of, pruned, name, quantization)


def quantizations() -> dict[str, Callable[[], Any]]:
    """Return torchao's configurations, made when asked for, since some refuse to be."""
    from torchao import quantization as ao

    return {
        "int8 weights": ao.Int8WeightOnlyConfig,
        "int8 weights and activations": ao.Int8DynamicActivationInt8WeightConfig,
        "int4 weights": ao.Int4WeightOnlyConfig,
        "intx 4-bit weights": lambda: ao.IntxWeightOnlyConfig(weight_dtype=torch.int4),
    }


def saved_bytes(model: nn.Module) -> int:
    """Return what `torch.save` makes of the weights."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return file.tell()


def _quantized(model: nn.Module, name: str) -> nn.Module:
    from torchao.quantization import quantize_

    made = deepcopy(model).eval()
    quantize_(made, quantizations()[name]())
    return made


def _quantized_of(pruned: dict[str, nn.Module], name: str, quantization: str) -> nn.Module:
    return _quantized(pruned[name], quantization)


def _pruned(
    bench: Bench, ratio: float, epochs: int, pruned: dict[str, nn.Module], name: str
) -> nn.Module | None:
    """Prune with torch-pruning as its README shows it, and fine-tune."""
    import torch_pruning as tp

    made = deepcopy(bench.model).eval()
    pruner = tp.pruner.MagnitudePruner(
        made,
        first_rows(bench.workload.dataset.train, 2),
        importance=tp.importance.GroupMagnitudeImportance(p=2),
        pruning_ratio=ratio,
        ignored_layers=[_head(made)],
        global_pruning=False,
    )
    pruner.step()
    tuned = bench.tuned(made, epochs)
    if tuned is not None:
        pruned[name] = tuned
    return tuned


def _head(model: nn.Module) -> nn.Module:
    from torch.nn import Linear

    return [module for module in model.modules() if isinstance(module, Linear)][-1]


def spent_seconds() -> float:
    """Return the processor time of this process and its children.

    With one thread it is what an idle machine's clock would show.
    """
    return sum(os.times()[:4])


def in_turns(call: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """Return the median seconds of two calls, one after the other again and again.

    Of the thread's own processor time: on a busy machine the longer call is interrupted the more often, which
    is no merit of the shorter one.
    """
    call_seconds: list[float] = []
    other_seconds: list[float] = []
    for _ in range(WARMUP):
        call(), other()
    while len(call_seconds) < LEAST_PASSES or (
        sum(call_seconds) < TIMED_SECONDS and len(call_seconds) < MOST_PASSES
    ):
        call_seconds.append(_seconds(call))
        other_seconds.append(_seconds(other))
    return statistics.median(call_seconds), statistics.median(other_seconds)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start
