"""Step time of each optimizer, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Final

from studies import catalogue
from studies.errors import StudyError
from studies.optim.routing import trained
from studies.optimizers import OptimizerChoice
from studies.profiling.probes.bench import Bench, Question, Unsuited, few_rows

STEPS: Final = 5
"""Of each optimizer; the first two, which make its state, are not timed."""
UNTIMED: Final = 2
SECONDS_A_PRODUCT: Final = 3e-9
"""A multiplication in what turns on a weight's whole matrix (Newton-Schulz, eigenvectors), about, on one
core: to know beforehand what cannot be interrupted."""
IMPORT_SECONDS: Final = 3.0
"""What loading a package of optimizers takes, about, when nothing has loaded it yet."""
RESERVED_SHARE: Final = 0.4
"""Of the time there is, left for the probes that follow."""
WHOLE_MATRIX: Final = ("matrix", "low memory")
"""Families whose step works on whole matrices."""


def ask(bench: Bench) -> dict[str, float]:
    """Return the seconds of a step by optimizer, the cheap ones first, for as long as there is time."""
    seconds = {}
    start = bench.now()
    weights = [(weight.shape[0], weight[0].numel()) for weight in trained(bench.model()) if weight.ndim >= 2]
    fixed_seconds = bench.now() - start + bench.gradient_seconds(few_rows(bench.facts))
    reserved = bench.seconds_left * RESERVED_SHARE
    for choice in _in_order():
        if bench.seconds_left - reserved <= fixed_seconds + _seconds_needed(choice, bench, weights):
            continue
        # without its package, or not made for this model
        with suppress(StudyError, RuntimeError, ValueError, Unsuited):
            seconds[choice.name()] = _seconds(choice, bench)
    if not seconds:
        raise Unsuited("the time for probes was used up")
    return seconds


def _in_order() -> list[type[OptimizerChoice]]:
    choices = [
        choice for choice in catalogue.choices("optimizer").values() if issubclass(choice, OptimizerChoice)
    ]
    here = [choice for choice in choices if not choice.extra or find_spec(choice.extra.split(":")[0])]
    return sorted(
        here, key=lambda choice: (not choice.offered, choice.family in WHOLE_MATRIX, bool(choice.extra))
    )


def _seconds_needed(choice: type[OptimizerChoice], bench: Bench, weights: Sequence[tuple[int, int]]) -> float:
    """Return about the seconds that its steps and its import take, for weights of these sides."""
    if choice.misfit(bench.facts):
        return float("inf")
    step_seconds = bench.facts.step_seconds * bench.facts.optimizer_share
    needed = STEPS * step_seconds + IMPORT_SECONDS * bool(choice.extra)
    if choice.family in WHOLE_MATRIX:
        cubes = sum(float(rows) ** 3 + float(columns) ** 3 for rows, columns in weights)
        needed += STEPS * SECONDS_A_PRODUCT * cubes
    return needed


def _seconds(choice: type[OptimizerChoice], bench: Bench) -> float:
    model = bench.model()
    optimizer = choice.from_fields({}).build(model, STEPS)
    if hasattr(optimizer, "train"):
        optimizer.train()
    times = []
    rows = few_rows(bench.facts)
    for step in range(STEPS):
        if step == 0 or rows == bench.facts.batch_size:  # a large model steps on one gradient
            bench.gradients(model, bench.batch(rows))
        start = bench.now()
        optimizer.step()
        if step >= UNTIMED:
            times.append(bench.now() - start)
    return min(times)  # a busy machine only ever adds to them


PROBE = Question(how=f"the fastest of {STEPS - UNTIMED} steps each, fused where torch has it", ask=ask)
