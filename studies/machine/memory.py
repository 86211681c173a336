"""Memory that this process may use: the machine's, or less where its control groups say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from studies.machine.cgroups import folders
from studies.machine.kernel_files import ROOT, number, text

UNKNOWN_BYTES: Final = 8 << 30
"""Taken for free memory where the machine does not say (judged)."""
FILES: Final = {1: ("memory.limit_in_bytes", "memory.usage_in_bytes"), 2: ("memory.max", "memory.current")}
"""Limit and use of a control group, by version."""
CACHES: Final = {1: ("total_active_file", "total_inactive_file"), 2: ("active_file", "inactive_file")}
"""Entries of a group's memory.stat that the kernel gives back when memory runs short."""


def memory_bytes(*, root: Path = ROOT) -> int | None:
    """Return the most memory that this process could have, in use or not; None where nothing says.

    Args:
        root: under which /proc and /sys lie.
    """
    limits = [limit for limit, _ in _limits(root)]
    return min([size for size in (_physical_bytes(root), *limits) if size is not None], default=None)


def free_bytes(*, root: Path = ROOT) -> int:
    """Return the memory that is free for this process: the machine's, or what its control groups leave.

    Files that the kernel keeps in memory count as free, as it drops them for whoever needs the room.

    Args:
        root: under which /proc and /sys lie.

    Example:
        >>> free_bytes() > 2**20
        True
    """
    left = [max(limit - used, 0) for limit, used in _limits(root)]
    return min([_available_bytes(root), *left])


def _limits(root: Path) -> Iterator[tuple[int, int]]:
    """Yield limit and use of each control group that has a limit."""
    for version, folder in folders("memory", root=root):
        limit, used = (number(folder / name) for name in FILES[version])
        if limit is not None:
            yield limit, max((used or 0) - _cache_bytes(folder, CACHES[version]), 0)


def _cache_bytes(folder: Path, names: tuple[str, ...]) -> int:
    entries = dict(line.split(" ", 1) for line in text(folder / "memory.stat").splitlines() if " " in line)
    return sum(int(entries[name]) for name in names if entries.get(name, "").isdecimal())


def _physical_bytes(root: Path) -> int | None:
    return _meminfo(root, "MemTotal") or (_said_by_psutil("total") if root == ROOT else None)


def _available_bytes(root: Path) -> int:
    said = _meminfo(root, "MemAvailable")
    if said is None and root == ROOT:
        said = _said_by_psutil("available")
    return UNKNOWN_BYTES if said is None else said


def _meminfo(root: Path, name: str) -> int | None:
    for line in text(root / "proc/meminfo").splitlines():
        entry, _, words = line.partition(":")
        if entry == name and (parts := words.split()) and parts[0].isdecimal():
            return int(parts[0]) * 1024
    return None


def _said_by_psutil(name: str) -> int | None:
    """Return what macOS and Windows say."""
    import psutil

    try:
        return int(getattr(psutil.virtual_memory(), name))
    except (OSError, psutil.Error, AttributeError):
        return None
