"""Control groups of Linux: what the group of this process and those around it allow, of version 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from studies.machine.kernel_files import ROOT, text


def folders(controller: str, *, root: Path = ROOT) -> Iterator[tuple[int, Path]]:
    """Yield version and folder of each group that limits this process, its own first, then those around it.

    Args:
        controller: `cpu` or `memory`.
        root: under which /proc and /sys lie.
    """
    paths = _own_paths(controller, text(root / "proc/self/cgroup"))
    for version, mounted, inside in _mounts(controller, text(root / "proc/self/mountinfo")):
        if version in paths:
            top = root / mounted.lstrip("/")
            place = _below(paths[version], inside)
            yield from ((version, top / part) for part in (place, *place.parents))


def _own_paths(controller: str, lines: str) -> dict[int, str]:
    """Return the path of this process's group by version."""
    paths = {}
    for line in lines.splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" and not controllers:
            paths[2] = path
        elif controller in controllers.split(","):
            paths[1] = path
    return paths


def _mounts(controller: str, lines: str) -> Iterator[tuple[int, str, str]]:
    """Yield version, place, and which group is seen at that place, of every mount of a hierarchy."""
    for line in lines.splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if len(left) < 5 or len(right) < 3:
            continue
        inside, mounted = (_unescaped(part) for part in left[3:5])
        if right[0] == "cgroup2":
            yield 2, mounted, inside
        elif right[0] == "cgroup" and controller in right[2].split(","):
            yield 1, mounted, inside


def _unescaped(path: str) -> str:
    """Return a path of a mount table, in which spaces and the like are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def _below(path: str, inside: str) -> PurePosixPath:
    """Return where a group lies below a mount that shows the group `inside` and those in it.

    The mount itself where it lies elsewhere, as in a container that sees its own group alone.
    """
    place, top = PurePosixPath(path), PurePosixPath(inside)
    if not place.is_relative_to(top) or ".." in place.parts:
        return PurePosixPath()
    return place.relative_to(top)
