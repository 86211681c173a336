"""Threads of torch: one, unless more were seen to gain; two that wait for each other lose more than that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from studies.machine.cores import thread_bound, usable_cores

THREADING_MACS: Final = 10_000_000
"""Multiply-accumulates of a step's forward pass from which a second thread gains a quarter; below, it
gains nothing while the cores are free and loses much when anything else wants one (measured on two cores:
an MLP of 256 units, a CNN on 16 x 16)."""


def most_threads() -> int:
    """Return how many threads may run here: the cores, or fewer where OMP_NUM_THREADS says so."""
    cores = usable_cores()
    return min(cores, thread_bound(os.environ) or cores)


def threads_of_function(current: int, *, shared: bool) -> int:
    """Return how many threads a training function gets.

    Args:
        current: what torch has now.
        shared: whether others train beside it: then one, unless OMP_NUM_THREADS says more.
    """
    return (thread_bound(os.environ) or 1) if shared else current


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Give torch so many threads inside the block."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
