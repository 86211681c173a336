"""What a step of each optimizer costs, in seconds and in the bytes that it borrows."""

from __future__ import annotations

import statistics
from contextlib import suppress
from importlib.util import find_spec
from typing import Final

from studies import catalogue, measure
from studies.allocations import Allocations
from studies.errors import StudyError
from studies.optimizers import OptimizerChoice
from studies.probes.bench import Bench, Question, Unsuited
from studies.routing import trained

STEPS: Final = 5
"""Of each optimizer; the first two make its state and are followed, the rest are timed."""
FOLLOWED: Final = 2
SECONDS_A_PRODUCT: Final = 3e-9
"""A multiplication in what turns on a weight's whole matrix (Newton-Schulz, eigenvectors), about, on one core: to know beforehand
what cannot be interrupted."""
IMPORT_SECONDS: Final = 3.0
"""What loading a package of optimizers takes, about, when nothing has loaded it yet."""
KEPT_SHARE: Final = 0.4
"""Of the time there is, left for the probes that follow."""
TURNING: Final = ("matrix", "low memory")
"""Families whose step works on whole matrices."""


def ask(bench: Bench) -> dict[str, float]:
    """Return the seconds of a step by optimizer, the cheap ones first, for as long as there is time."""
    found = {}
    keep = bench.seconds_left * KEPT_SHARE
    for choice in _in_order():
        if bench.seconds_left - keep <= _wanted(choice, bench):
            continue
        with suppress(StudyError, RuntimeError, ValueError, Unsuited):  # without its package, or not made for this model
            found[choice.name()] = _seconds(choice, bench)
    if not found:
        raise Unsuited("the time for probes was used up")
    return found


def _in_order() -> list[type[OptimizerChoice]]:
    choices = [choice for choice in catalogue.choices("optimizer").values() if issubclass(choice, OptimizerChoice)]
    here = [choice for choice in choices if not choice.extra or find_spec(choice.extra.split(":")[0])]
    return sorted(here, key=lambda choice: (not choice.offered, choice.family in TURNING, bool(choice.extra)))


def _wanted(choice: type[OptimizerChoice], bench: Bench) -> float:
    """Return about the seconds that must be left to begin with it."""
    if choice.misfit(bench.facts):
        return float("inf")
    wanted = bench.facts.step_seconds * STEPS + IMPORT_SECONDS * bool(choice.extra)
    if choice.family in TURNING:
        sides = [(weight.shape[0], weight[0].numel()) for weight in trained(bench.model()) if weight.ndim >= 2]
        wanted += STEPS * SECONDS_A_PRODUCT * sum(float(rows) ** 3 + float(columns) ** 3 for rows, columns in sides)
    return wanted


def _seconds(choice: type[OptimizerChoice], bench: Bench) -> float:
    model = bench.model()
    optimizer = choice.from_fields({}).build(model, STEPS)
    if hasattr(optimizer, "train"):
        optimizer.train()
    times, borrowed = [], 0
    for step in range(STEPS):
        bench.gradients(model, bench.batch(bench.facts.batch_size))
        start = bench.now()
        if step < FOLLOWED:
            with Allocations() as allocations:
                optimizer.step()
            borrowed = max(borrowed, allocations.peak_bytes - (0 if step else measure.state_bytes(optimizer)))
        else:
            optimizer.step()
            times.append(bench.now() - start)
    bench.step_bytes[choice.name()] = borrowed
    return statistics.median(times)


PROBE = Question(how=f"{STEPS - FOLLOWED} steps each, fused where torch has it", ask=ask)
