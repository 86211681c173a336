"""Memory of a process and its children: what nobody but them would miss."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from studies.machine.kernel_files import ROOT, text

if TYPE_CHECKING:
    import psutil

PROC: Final = ROOT / "proc"
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
PARTS: Final = ("Pss_Anon:", "SwapPss:")
"""Lines of smaps_rollup that are counted: pages of no file, shared ones by the process's share of them."""


def process_bytes(pid: int, *, exactly_above: int = 0) -> int:
    """Return the bytes that a process and its children hold and no file on disk could give back.

    Pages shared with other processes, as a forked one shares what it began with, count by its share of them.
    Files mapped into memory, as the data of a workload, do not count. 0 for a process that is gone.

    Args:
        pid: of the process.
        exactly_above: bytes up to which an upper bound will do, in which shared pages count whole. It takes
            microseconds, where the exact figure takes a millisecond for every 500 MB of the process, about.

    Example:
        >>> process_bytes(os.getpid()) > 2**20
        True
    """
    if not (PROC / "self/statm").exists():
        return _by_psutil(pid)
    family = list(_family(pid))
    bound = sum(_unmapped_bytes(each) for each in family)
    return bound if bound <= exactly_above else sum(_held_bytes(each) for each in family)


def _family(pid: int) -> Iterator[int]:
    """Yield a process, its children, and theirs."""
    yield pid
    try:
        tasks = list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return
    for task in tasks:
        for child in text(task / "children").split():
            yield from _family(int(child))


def _unmapped_bytes(pid: int) -> int:
    """Return the bytes in memory that belong to no file; what is in swap is missing."""
    parts = text(PROC / str(pid) / "statm").split()
    return (int(parts[1]) - int(parts[2])) * PAGE_BYTES if len(parts) > 2 else 0


def _held_bytes(pid: int) -> int:
    lines = text(PROC / str(pid) / "smaps_rollup").splitlines()
    amounts = [int(line.split()[1]) * 1024 for line in lines if line.startswith(PARTS)]
    return sum(amounts) if amounts else _unmapped_bytes(pid)


def _by_psutil(pid: int) -> int:
    """Return the same on macOS and Windows."""
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_private_bytes(each) for each in family)


def _private_bytes(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_full_info().uss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
