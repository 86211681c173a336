"""Lockstep: what a step of a run takes in a stack, beside the same step alone; and what it does to a search.

    python -m benchmarks.lockstep

Alone and in a stack are timed by turns in one process, on one thread, with AdamW: the shortest of some steps
of each. The search has at most a set number of trials at one batch size, in processor seconds of its process.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Sequence
from typing import Final

import torch

import advisor
from studies.lockstep.measure import step_seconds
from studies.recipe import Recipe
from studies.workload_opening import open_source

SIZES: Final = (1, 3, 9, 16, 32)
MODELS: Final = (("iris", "mlp"), ("image_segments", "mlp"), ("image_segments", "TabularResNet"),
                 ("digits", "mlp"), ("digits", "cnn"), ("signals", "conv1d"))  # fmt: skip
BATCHES: Final = (32, 128)
SEARCHES: Final = (("iris", "mlp"), ("digits", "cnn"))
TRIALS: Final = 40


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
    _print_gains(MODELS[:1], BATCHES[:1], (3,))


def _print_gains(models: Sequence[tuple[str, str]], batches: Sequence[int], sizes: Sequence[int]) -> None:
    for source, model in models:
        workload = open_source(source, model=model)
        for batch_size, size in itertools.product(batches, sizes):
            seconds = step_seconds(workload, Recipe(model=workload.model, batch_size=batch_size), size)
            print(
                f"{source:15} {model:14} batch {batch_size:4} {seconds.runs:3} runs: "
                f"alone {seconds.alone * 1e3:.3f} ms a step, in a stack {seconds.stacked * 1e3:.3f}, "
                f"{seconds.gain:.2f} times sooner",
                flush=True,
            )


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(1)
    _print_gains(MODELS, BATCHES, SIZES)
    for source, model in SEARCHES:
        search_seconds(source, model, "off", trials=2)
        off, on = (search_seconds(source, model, lockstep) for lockstep in ("off", "on"))
        print(
            f"{source} {model}, up to {TRIALS} trials: {off:.1f} s each by itself, {on:.1f} s in stacks",
            flush=True,
        )


if __name__ == "__main__":
    main()
