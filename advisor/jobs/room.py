"""Room of a machine: how many trials it bears at a time, by its cores, its memory and its GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Self

from studies.machine.cores import usable_cores
from studies.machine.memory import free_bytes
from studies.measure.threads import THREADING_MACS, most_threads

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.limits import Budget
    from studies.loaded_workload import LoadedWorkload
    from studies.plans.plan import Plan
    from studies.training_function.function import Function

WORKER_BYTES: Final = 300 * 2**20
"""What a warm worker process takes of its own: 283 MiB with torch and an opened table (measured on Linux, not
started from a fork server, which spares 100 of them)."""
CONTEXT_BYTES: Final = 700 * 2**20
"""What a process takes of a GPU before it holds a tensor (judged: 450 to 600 MiB by what others measured)."""
SHARE: Final = 0.8
"""Of the free memory, that all workers together may take."""
ARRAYS: Final = 6
"""Arrays as large as the weights that the hungriest optimizers hold, weights and gradients among them."""
UNKNOWN_BYTES: Final = 512 * 2**20
"""Taken for what a trial holds besides, where no memory was forecast (judged)."""
SMALL_BYTES: Final = 16 * 2**20
"""Tensors of a trial of a small model."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """Room of a machine for the trials of one study."""

    cores: int
    """That may be used."""
    threads: int = 1
    """Of each worker."""
    free_bytes: int
    """Memory that is free before any worker runs."""
    peak_bytes: int = UNKNOWN_BYTES
    """Forecast of the hungriest trial, or stack of trials: tensors alone."""
    data_bytes: int = 0
    """Of the workload's rows in memory: a worker may come to hold a copy, as a sample or another split."""
    gpu_bytes: tuple[int, ...] = ()
    """Free bytes of each GPU; empty where training is not on one."""

    @classmethod
    def of(cls, plan: Plan, facts: Facts, *, data_bytes: int = 0) -> Self:
        """Return the room that this machine has now for the trials of a plan.

        Args:
            plan: of the search.
            facts: of its workload; memory that they do not forecast is assumed.
            data_bytes: of its rows, see `bytes_of_rows`.
        """
        return cls(
            cores=usable_cores(),
            threads=plan.threads,
            free_bytes=free_bytes(),
            peak_bytes=max(1, plan.lockstep) * hungriest_bytes(plan, facts),
            data_bytes=data_bytes,
            gpu_bytes=gpu_bytes(plan.device),
        )

    @classmethod
    def for_small_models(cls, device: str) -> Self:
        """Return the room that this machine has now for trials of a model of some thousand parameters."""
        return cls(
            cores=usable_cores(),
            free_bytes=free_bytes(),
            peak_bytes=SMALL_BYTES,
            gpu_bytes=gpu_bytes(device),
        )

    @property
    def by_cores(self) -> int:
        """Return how many workers the cores bear."""
        return max(1, self.cores // self.threads)

    @property
    def worker_bytes(self) -> int:
        """Return what a worker takes of memory; on a GPU its tensors are not in it."""
        return WORKER_BYTES + self.data_bytes + (0 if self.gpu_bytes else self.peak_bytes)

    @property
    def by_memory(self) -> int:
        """Return how many workers memory bears."""
        return max(1, int(SHARE * self.free_bytes) // self.worker_bytes)

    @property
    def by_gpu(self) -> tuple[int, ...]:
        """Return how many trials fit on each GPU, at least 1."""
        each = CONTEXT_BYTES + self.peak_bytes
        return tuple(max(1, int(SHARE * size) // each) for size in self.gpu_bytes)

    @property
    def workers(self) -> int:
        """Return how many workers the machine bears."""
        bounds = [self.by_cores, self.by_memory]
        return min([*bounds, sum(self.by_gpu)] if self.gpu_bytes else bounds)


def threads_of(room: Room, facts: Facts, budget: Budget, workers: Literal["auto"] | int) -> int:
    """Return the threads that training gets: one, unless a single trial runs at a time and gains by more.

    Several trials at a time use the cores better. In a search by trials the number of workers that was asked
    for, and the clock, have no say: the order of a sum, and so its last digits, depend on the threads.

    Args:
        room: of the machine, at one thread a worker.
        facts: with the threads that a step was measured to gain by.
        budget: of the search.
        workers: how many are asked for; 0 for none beside the search's own process.
    """
    if facts.device != "cpu":
        return 1
    if budget.seconds is not None:
        return facts.quick_threads if workers == 1 or (workers == "auto" and room.workers == 1) else 1
    large = facts.macs * facts.batch_size >= THREADING_MACS
    return most_threads() if large and room.workers == 1 else 1


def hungriest_bytes(plan: Plan, facts: Facts) -> int:
    """Return the forecast peak of the hungriest trial that a plan may try, at most what its limit allows."""
    largest = plan.batch_size[2]
    rows = {name: min(largest, plan.largest_batches.get(name, largest)) for name in plan.candidates}
    forecasts = [forecast for name in plan.candidates if (forecast := facts.forecast(name))]
    peaks = [forecast.at(rows[forecast.optimizer]).peak_bytes for forecast in forecasts]
    most = max(peaks, default=ARRAYS * 4 * facts.parameters + UNKNOWN_BYTES)
    limit = plan.limits.train_bytes
    return most if limit is None else min(most, limit)


def bytes_of_rows(workload: LoadedWorkload | Function) -> int:
    """Return the bytes that a workload's inputs take in memory.

    0 where they stay in a file, and of a training function, which holds its data to itself.
    """
    from studies.data.as_given import bytes_of
    from studies.data.mapped_rows import MappedRows
    from studies.loaded_workload import LoadedWorkload

    if not isinstance(workload, LoadedWorkload):
        return 0
    dataset = workload.dataset
    inputs = [part.inputs for part in (dataset.train, dataset.valid, dataset.test)]
    return sum(bytes_of(rows) for rows in inputs if not isinstance(rows, MappedRows))


def gpu_bytes(device: str) -> tuple[int, ...]:
    """Return the free bytes of each GPU that `device` may mean: `cpu`, `cuda`, `cuda:1` or `mps`."""
    if device == "mps":  # its memory is the machine's
        return (free_bytes(),)
    if not device.startswith("cuda"):
        return ()
    import torch

    _, _, index = device.partition(":")
    numbers = [int(index)] if index else range(torch.cuda.device_count())
    return tuple(torch.cuda.mem_get_info(number)[0] for number in numbers)
