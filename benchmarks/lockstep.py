"""Lockstep: what a step of a run takes in a stack, beside the same step alone; and what it does to a search.

    python -m benchmarks.lockstep

Alone and in a stack are timed by turns in one process, on one thread, with AdamW: the shortest of some steps
of each. The search is one of a set number of trials at one batch size, in processor seconds of its process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Final

import torch

import advisor
from studies.lockstep.measure import StepSeconds, step_seconds
from studies.recipe import Recipe
from studies.workload_opening import open_source

SIZES: Final = (1, 3, 9, 16, 32)
MODELS: Final = (("iris", "mlp"), ("image_segments", "mlp"), ("image_segments", "TabularResNet"),
                 ("digits", "mlp"), ("digits", "cnn"), ("signals", "conv1d"))  # fmt: skip
BATCHES: Final = (32, 128)
SEARCHES: Final = (("iris", "mlp"), ("digits", "cnn"))
TRIALS: Final = 40


def gains(
    models: Sequence[tuple[str, str]],
    *,
    batches: Sequence[int],
    sizes: Sequence[int],
) -> Iterator[tuple[str, str, int, StepSeconds]]:
    """Yield data, model, batch size and the seconds of a step, for each size of a stack."""
    for source, model in models:
        workload = open_source(source, model=model)
        for batch_size in batches:
            recipe = Recipe(model=workload.model, batch_size=batch_size)
            for size in sizes:
                yield source, model, batch_size, step_seconds(workload, recipe, size)


def search_seconds(source: str, model: str, lockstep: str, *, trials: int = TRIALS, epochs: int = 9) -> float:
    """Return the processor seconds of a search."""
    with tempfile.TemporaryDirectory() as home:
        start = time.process_time()
        advisor.search(
            source,
            model=model,
            budget=f"{trials}trials",
            epochs=epochs,
            batch_size="32",
            lockstep=lockstep,
            workers=0,
            home=home,
            tracking_uri="off",
        )
        return time.process_time() - start


def smoke() -> None:
    """Time a small stack."""
    _print_gains(MODELS[:1], batches=BATCHES[:1], sizes=(3,))


def _print_gains(
    models: Sequence[tuple[str, str]] = MODELS,
    *,
    batches: Sequence[int] = BATCHES,
    sizes: Sequence[int] = SIZES,
) -> None:
    for source, model, batch_size, seconds in gains(models, batches=batches, sizes=sizes):
        print(
            f"{source:15} {model:14} batch {batch_size:4} {seconds.runs:3} runs: "
            f"alone {seconds.alone * 1e3:.3f} ms a step, in a stack {seconds.stacked * 1e3:.3f}, "
            f"{seconds.gain:.2f} times sooner",
            flush=True,
        )


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(1)
    _print_gains()
    for source, model in SEARCHES:
        search_seconds(source, model, "off", trials=2)
        off, on = (search_seconds(source, model, lockstep) for lockstep in ("off", "on"))
        print(
            f"{source} {model}, {TRIALS} trials: {off:.1f} s each by itself, {on:.1f} s in stacks", flush=True
        )


if __name__ == "__main__":
    main()
