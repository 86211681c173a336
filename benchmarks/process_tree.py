"""Process tree: the processor time of a command, all of its processes together."""

from __future__ import annotations

from contextlib import suppress

import psutil


def processor_seconds(pid: int) -> float:
    """Return those of a process and all below it, with what they have waited for; 0 where it is gone."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0.0
    for process in tree:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
