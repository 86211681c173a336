"""Measurement of lockstep: whether a stack of runs trains sooner than the same runs one after another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from studies.data.rows import tensors
from studies.lockstep.fits import stacks
from studies.lockstep.stacked_step import StackedStep
from studies.lockstep.unstackable import Unstackable
from studies.measure.training_clock import training_clock
from studies.plans.lockstep import SLOWEST_SECONDS
from studies.recipe import Recipe
from studies.train import Training

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload

SIZES: Final = (4, 8, 16, 32)
"""Runs in a stack that are tried; more lost again on every model measured."""
GAIN: Final = 1.2
"""Times sooner that a stack must be, or each run trains by itself (judged: below, a busy machine may lie)."""
LEAST_GAIN: Final = 1.05
"""The same of a stack of half as many, as runs leave at rungs."""
WARM_STEPS: Final = 2
TIMED_STEPS: Final = 8
"""Of which the shortest counts: what else the machine does makes steps longer only."""


@dataclass(frozen=True, kw_only=True)
class StepSeconds:
    """Seconds of a step of one run, alone and in a stack."""

    runs: int
    alone: float
    stacked: float

    @property
    def gain(self) -> float:
        """Return how many times sooner the stack is."""
        return self.alone / self.stacked


def stack_size(workload: LoadedWorkload, recipe: Recipe, *, device: str = "cpu") -> int:
    """Return the runs in a stack for which it pays most; 0 where none pays.

    Args:
        workload: what would be trained on.
        recipe: with the batch size of the search.
        device: where.
    """
    gains: dict[int, float] = {}
    # whatever a stranger's model does, and memory that many runs lack: what was measured by then counts
    with suppress(Exception):
        for runs in SIZES:
            seconds = step_seconds(workload, recipe, runs, device=device)
            if device == "cpu" and seconds.alone > SLOWEST_SECONDS:
                return 0
            gains[runs] = seconds.gain
    if device.startswith("cuda"):
        torch.cuda.empty_cache()  # the memory is the workers'
    paying = [
        runs for runs in SIZES[1:] if gains.get(runs, 0.0) >= GAIN and gains.get(runs // 2, 0.0) >= LEAST_GAIN
    ]
    return max(paying, key=lambda runs: gains[runs], default=0)


def step_seconds(
    workload: LoadedWorkload, recipe: Recipe, runs: int, *, device: str = "cpu", seed: int = 0
) -> StepSeconds:
    """Return what a step of one run takes, alone and in a stack of so many.

    Raises:
        Unstackable: the runs do not fit one stack.
    """
    single, *trainings = [Training(recipe, workload, seed=seed, device=device) for _ in range(runs + 1)]
    inputs, targets = tensors(workload.dataset, "train", single.device)
    batch = inputs[: single.batch_size], targets[: single.batch_size]
    single.model.train()
    alone = _shortest(single.device, lambda: single.step_on(*batch))
    if stacks(trainings) != [trainings] and runs > 1:
        raise Unstackable("they do not fit one stack")
    step = StackedStep(trainings)
    step.check()
    stacked = _shortest(single.device, lambda: step.take([run.begin_step(*batch) for run in trainings]))
    return StepSeconds(runs=runs, alone=alone, stacked=stacked / runs)


def _shortest(device: torch.device, step: Callable[[], torch.Tensor]) -> float:
    seconds = []
    for index in range(WARM_STEPS + TIMED_STEPS):
        start = training_clock(device)
        step()
        if index >= WARM_STEPS:
            seconds.append(training_clock(device) - start)
    return min(seconds)
