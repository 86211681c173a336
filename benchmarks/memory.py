"""The memory forecast against the peak of real training steps, as torch's own allocator reports it.

    python -m benchmarks.memory            # on a GPU if there is one

The forecast comes from two rehearsals on at most 32 rows and counts tensors. The measurement is another way:
whole steps at the full batch size, a CPU's allocations read from torch's profiler (which sees what operations
borrow inside), a GPU's from its allocator. Both begin before the model is built and end before the first
evaluation.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence

import torch

from studies import catalogue
from studies.data.rows import tensors
from studies.loaded_workload import LoadedWorkload
from studies.measure.model import state_bytes
from studies.profiling.forecast import declared_state, rehearse
from studies.recipe import Recipe
from studies.train import Training

STEPS = 4
WORKLOADS = (("digits", "mlp"), ("digits", "cnn"), ("image_segments", "fttransformer"))
BATCH_SIZES = (16, 64, 256)
OPTIMIZERS = ("SGD", "Momentum", "AdamW", "NAdamW", "Lion", "Adafactor", "Muon", "SOAP", "LBFGS")


def measured_peak(recipe: Recipe, workload: LoadedWorkload, device: str = "cpu") -> int:
    """Return the most bytes handed out at once while a model was built and trained a few steps."""
    tensors(workload.dataset, "train", torch.device(device))  # kept for every trial, so no part of one
    run = _on_gpu if torch.device(device).type == "cuda" else _on_cpu
    return run(recipe, workload, device)


def _steps(recipe: Recipe, workload: LoadedWorkload, device: str) -> Training:
    training = Training(recipe, workload, seed=0, device=device)
    training.followed = STEPS  # nothing is followed: the two ways of counting stay apart
    training.advance(1, stop=lambda: training.step >= STEPS)
    return training


def _on_gpu(recipe: Recipe, workload: LoadedWorkload, device: str) -> int:
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    _steps(recipe, workload, device)
    return torch.cuda.max_memory_allocated(device) - before


def _on_cpu(recipe: Recipe, workload: LoadedWorkload, device: str) -> int:
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        _steps(recipe, workload, device)
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    changes = (event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))
    return max(itertools.accumulate(changes))


def main() -> None:
    """Print the table of all workloads, optimizers and batch sizes."""
    report(WORKLOADS, OPTIMIZERS, BATCH_SIZES)


def smoke() -> None:
    """Smallest form: one row."""
    report(WORKLOADS[:1], OPTIMIZERS[:1], BATCH_SIZES[:1])


def report(
    workloads: Sequence[tuple[str, str]], optimizers: Sequence[str], batch_sizes: Sequence[int]
) -> None:
    """Print a row for each workload, optimizer and batch size."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(
        f"device {device}, torch {torch.__version__}; bytes; "
        f"state: of the optimizer, forecast and as held after {STEPS} steps"
    )
    print(
        f"{'model':<14}{'optimizer':<11}{'batch':>6}"
        f"{'state':>11}{'held':>11}{'forecast':>12}{'measured':>12}{'off by':>9}"
    )
    worst: dict[str, float] = {}
    for (source, model), name, batch_size in itertools.product(workloads, optimizers, batch_sizes):
        workload = LoadedWorkload.open(source, model=model)
        optimizer = catalogue.find("optimizer", name)()
        recipe = Recipe(
            model=workload.model, optimizer=optimizer, batch_size=min(batch_size, workload.rows), epochs=1
        )
        forecast = rehearse(recipe, workload, device=device).peak_bytes(recipe.batch_size)
        measured = measured_peak(recipe, workload, device)
        training = _steps(recipe, workload, device)
        declared_bytes, held_bytes = (
            declared_state(optimizer, training.model),
            state_bytes(training.optimizer),
        )
        worst[name] = max(worst.get(name, 0.0), abs(forecast / measured - 1))
        print(
            f"{model:<14}{name:<11}{recipe.batch_size:>6}{declared_bytes:>11,}{held_bytes:>11,}"
            f"{forecast:>12,}{measured:>12,}{forecast / measured - 1:>+9.1%}",
            flush=True,
        )
    print("largest miss: " + ", ".join(f"{name} {share:.1%}" for name, share in worst.items()))


if __name__ == "__main__":
    os.environ.setdefault("KINETO_LOG_LEVEL", "5")
    main()
