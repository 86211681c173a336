"""Training clock: seconds that a training costs, whatever else the machine does meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def training_clock(device: torch.device) -> float:
    """Return a time of which differences are what a training costs.

    On a CPU the processor time of this thread: it takes part in all that torch does, so on an idle machine
    that is the time by the wall clock, and on a busy one it hardly grows. On a GPU the time by the wall clock
    once the device has done what it was told.
    """
    if device.type == "cpu":
        return time.thread_time()
    synchronize(device)
    return time.perf_counter()


def synchronize(device: torch.device) -> None:
    """Wait until a device has done what it was told."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
