"""Cores that this process may use: by its affinity, and by the quota of its control groups."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from studies.machine.cgroups import folders
from studies.machine.kernel_files import ROOT, number, text


def usable_cores(*, affinity: int | None = None, root: Path = ROOT) -> int:
    """Return how many cores this process may use, at least 1.

    A quota of 2.5 cores counts as 2: what is left goes to the process that proposes.

    Args:
        affinity: cores that the process may run on; asked of the system where it is None.
        root: under which /proc and /sys lie.

    Example:
        >>> usable_cores() >= 1
        True
    """
    cores = _affinity() if affinity is None else affinity
    return max(1, min([cores, *(int(quota) for quota in _quotas(root))]))


def thread_bound(environment: Mapping[str, str]) -> int | None:
    """Return the most threads that OMP_NUM_THREADS allows; None where it says nothing that can be read."""
    first = environment.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) or None if first.isascii() and first.isdecimal() and len(first) < 6 else None


def _affinity() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13; it heeds PYTHON_CPU_COUNT too
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # macOS knows no affinity
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """Yield the cores' worth of time that each control group grants."""
    for version, folder in folders("cpu", root=root):
        if version == 1:
            quota, period = (number(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        else:
            parts = [int(part) if part.isdecimal() else None for part in text(folder / "cpu.max").split()]
            quota, period = parts if len(parts) == 2 else (None, None)
        if quota is not None and quota > 0 and period:
            yield quota / period
