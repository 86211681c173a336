"""Cost of the coordinator: processor seconds, fsyncs and journal bytes a trial, of a search of 1,000 trials.

    python -m benchmarks.coordinator [--trials 1000] [--profile FILE]

The training function returns at once, so that what is left is proposals, journal and messages. Workers are
processes of their own, and are not counted; the starting of the command is not either.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import advisor
from studies.recipe import Recipe
from studies.storage.follow import Journal

TRIALS: Final = 1000
WORKERS: Final = 2
MOST_SECONDS: Final = 0.015


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Cost of a search to its coordinator."""

    trials: int
    processor_seconds: float
    fsyncs: int
    journal_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.trials} trials: {1e3 * self.processor_seconds / self.trials:.1f} ms of processor a trial "
            f"(goal below {1e3 * MOST_SECONDS:g}), {self.fsyncs / self.trials:.2f} fsyncs, "
            f"{self.journal_bytes / self.trials:,.0f} bytes of journal"
        )


def at_once(recipe: Recipe, report: Any, seed: int) -> None:  # noqa: ARG001 - how a training function is called
    """Report a metric at every epoch, without training."""
    optimizer = recipe.optimizer.build(_layer(), recipe.epochs)
    optimizer.step()
    for epoch in range(recipe.epochs):
        if report(epoch + 1, 1 - abs(recipe.optimizer.lr - 0.01)):  # type: ignore[attr-defined]
            return


def _layer() -> Any:
    import torch

    return torch.nn.Linear(1, 1)


def measure(trials: int, profile: str | None = None) -> Cost:
    """Return what a search of so many trials costs its coordinator, from the first trial to the last.

    Args:
        trials: its budget.
        profile: a file for what cProfile measures; it slows the search.
    """
    moments: list[float] = []
    profiler = cProfile.Profile()
    fsync, fsyncs = os.fsync, [0]

    def count(descriptor: int) -> None:
        fsyncs[0] += 1
        fsync(descriptor)

    def note(event: Any) -> None:
        if event.record is None:
            return
        if not moments:
            fsyncs[0] = 0
            if profile:
                profiler.enable()
        moments.append(time.process_time())

    with tempfile.TemporaryDirectory() as home:
        os.fsync = count
        try:
            study = advisor.search(
                at_once, metric="accuracy", budget=f"{trials}trials", optimizers=("SGD", "AdamW"), epochs=3,
                workers=WORKERS, home=home, tracking_uri="off", earlier=False, listen=note,
            )  # fmt: skip
        finally:
            os.fsync = fsync
            profiler.disable()
        count_written = len(Journal(Path(home), str(study)).read().records)
        size = (Path(home) / "studies" / f"{study}.journal").stat().st_size
    if profile:
        profiler.dump_stats(profile)
    return Cost(
        trials=count_written, processor_seconds=moments[-1] - moments[0], fsyncs=fsyncs[0], journal_bytes=size
    )


def smoke() -> None:
    """Smallest form: six trials."""
    print(measure(6))


def main() -> None:
    """Print the cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--profile")
    arguments = parser.parse_args()
    print(measure(arguments.trials, arguments.profile))


if __name__ == "__main__":
    main()
