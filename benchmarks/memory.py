"""Memory forecasts of a profile against the peak of real training steps, as torch's allocator reports it.

    python -m benchmarks.memory            # on a GPU if there is one

A forecast comes from rehearsals of the passes and two followed steps of each optimizer on one gradient, and
counts tensors. The measurement is another way: whole steps at the full batch size, a CPU's allocations read
from torch's profiler (which sees what operations borrow inside), a GPU's from its allocator. Both begin
before the model is built and end before the first evaluation.
"""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmarks.compression import topics
from studies import catalogue
from studies.data.rows import tensors
from studies.loaded_workload import LoadedWorkload
from studies.measure.model import state_bytes
from studies.memory_forecast import Forecast
from studies.models.resnet import _block
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.train import Training
from studies.workload_opening import open_source

STEPS = 4
TEXTS = "topics"
"""Texts that are written before they are read."""
WORKLOADS = (
    ("digits", "mlp"),
    ("digits", "cnn"),
    ("digits", "resnet"),
    ("image_segments", "fttransformer"),
    (TEXTS, "transformer"),
    (TEXTS, "bag"),
    ("digits", f"{__file__}:ResNet18"),
)
REFERENCE_ROWS = 32
BATCH_SIZES = (16, 32, 256)
"""Of the forecasts that are checked; those of optimizers that are not offered, at the reference alone."""


class ResNet18(nn.Sequential):
    """The residual net of He et al. 2015, arXiv 1512.03385, with its first layer for small grey images."""

    def __init__(self) -> None:
        channels = (64, 128, 256, 512)
        stages = [
            block
            for before, after in zip((64, *channels), channels, strict=False)
            for block in (_block(before, after), _block(after, after))
        ]
        first = (nn.Conv2d(1, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
        super().__init__(*first, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def measured_peak(recipe: Recipe, workload: LoadedWorkload, device: str = "cpu") -> int:
    """Return the most bytes handed out at once while a model was built and trained a few steps."""
    return measured(recipe, workload, device)[0]


def measured(recipe: Recipe, workload: LoadedWorkload, device: str = "cpu") -> tuple[int, int]:
    """Return the peak, and the bytes of the optimizer's state at the end."""
    tensors(workload.dataset, "train", torch.device(device))  # kept for every trial, so no part of one
    gc.collect()  # what an earlier run left behind would be freed in the middle of this one
    run = _on_gpu if torch.device(device).type == "cuda" else _on_cpu
    return run(recipe, workload, device)


def _steps(recipe: Recipe, workload: LoadedWorkload, device: str) -> Training:
    training = Training(recipe, workload, seed=0, device=device)
    training.followed = STEPS  # nothing is followed: the two ways of counting stay apart
    training.advance(1, stop=lambda: training.step >= STEPS)
    return training


def _on_gpu(recipe: Recipe, workload: LoadedWorkload, device: str) -> tuple[int, int]:
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    training = _steps(recipe, workload, device)
    return torch.cuda.max_memory_allocated(device) - before, state_bytes(training.optimizer)


def _on_cpu(recipe: Recipe, workload: LoadedWorkload, device: str) -> tuple[int, int]:
    from torch import profiler as torch_profiler

    activities = [torch_profiler.ProfilerActivity.CPU]
    with torch_profiler.profile(activities=activities, profile_memory=True) as profiler:
        training = _steps(recipe, workload, device)
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    changes = (event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))
    return max(itertools.accumulate(changes)), state_bytes(training.optimizer)


@dataclass(frozen=True, kw_only=True)
class Check:
    """Check: a forecast beside what real steps took."""

    forecast: Forecast
    state_bytes: int
    peak_bytes: int

    @property
    def state_error(self) -> float:
        """Return by which share the state was forecast too high."""
        return self.forecast.state_bytes / self.state_bytes - 1 if self.state_bytes else 0.0

    @property
    def peak_error(self) -> float:
        """Return the same of the peak."""
        return self.forecast.peak_bytes / self.peak_bytes - 1


def main() -> None:
    """Print the table of all workloads, optimizers and batch sizes."""
    report(WORKLOADS, BATCH_SIZES)


def smoke() -> None:
    """Smallest form: three optimizers on one model."""
    report(WORKLOADS[:1], (REFERENCE_ROWS,), optimizers=("SGD", "AdamW", "Muon"))


def report(
    workloads: Sequence[tuple[str, str]], batch_sizes: Sequence[int], optimizers: Sequence[str] = ()
) -> None:
    """Print a row for each workload, optimizer and batch size, then the largest misses of each workload."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"device {device}, torch {torch.__version__}; bytes; measured over {STEPS} steps")
    print(
        f"{'model':<14}{'optimizer':<19}{'batch':>6}"
        f"{'state':>13}{'measured':>13}{'off by':>9}{'peak':>14}{'measured':>14}{'off by':>9}"
    )
    misses = []
    for source, model in workloads:
        name = model.rpartition(":")[2]
        results = []
        for check in checks(_open(source, model), batch_sizes, device, optimizers):
            results.append(check)
            forecast = check.forecast
            print(
                f"{name:<14}{forecast.optimizer:<19}{forecast.batch_size:>6}"
                f"{forecast.state_bytes:>13,}{check.state_bytes:>13,}{check.state_error:>+9.1%}"
                f"{forecast.peak_bytes:>14,}{check.peak_bytes:>14,}{check.peak_error:>+9.1%}",
                flush=True,
            )
        misses.append(_misses(name, results))
    print("\n".join(misses))


def checks(
    workload: LoadedWorkload, batch_sizes: Sequence[int], device: str, optimizers: Sequence[str] = ()
) -> Iterator[Check]:
    """Yield each followed forecast of a profile beside a measurement."""
    facts = profile(workload, batch_size=REFERENCE_ROWS, epochs=1, device=device)
    for forecast in facts.forecasts:
        choice = catalogue.find("optimizer", forecast.optimizer)
        if not forecast.followed or (optimizers and forecast.optimizer not in optimizers):
            continue
        several = choice.offered and not forecast.full_batch
        for rows in batch_sizes if several else (forecast.batch_size,):
            at_rows = forecast.at(min(rows, workload.rows))
            recipe = Recipe(model=workload.model, optimizer=choice(), batch_size=at_rows.batch_size, epochs=1)
            peak, state = measured(recipe, workload, device)
            yield Check(forecast=at_rows, state_bytes=state, peak_bytes=peak)


def _misses(name: str, results: Sequence[Check]) -> str:
    """Return the largest misses of one model in a line."""
    state = max(results, key=lambda check: abs(check.state_error))
    peak = max(results, key=lambda check: abs(check.peak_error))
    optimizers = len({check.forecast.optimizer for check in results})
    within = sum(abs(check.peak_error) <= 0.1 for check in results)
    return (
        f"{name}: {optimizers} optimizers; state off by {state.state_error:+.1%} at most "
        f"({state.forecast.optimizer}); peak within 10 % in {within} of {len(results)}, at most "
        f"{peak.peak_error:+.1%} ({peak.forecast.optimizer}, {peak.forecast.batch_size} rows)"
    )


def _open(source: str, model: str) -> LoadedWorkload:
    if source != TEXTS:
        return open_source(source, model=model)
    with tempfile.TemporaryDirectory() as folder:
        path = topics(Path(folder) / "topics.csv")
        return open_source(path, target="topic", model=model)


if __name__ == "__main__":
    os.environ.setdefault("KINETO_LOG_LEVEL", "5")
    main()
