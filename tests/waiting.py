"""Other processes: waiting for them, with a guard against one that hangs for ever; ports they listen at."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

import psutil

HANG_SECONDS: Final = 3600.0
"""Far longer than anything here takes on a machine that is thirty times too busy."""
ANSWER_SECONDS: Final = 120.0
"""For a server that listens to answer one request; a refused one is sent again."""


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; a connection that is refused meanwhile counts as not yet."""
    end = time.monotonic() + HANG_SECONDS
    while not _holds(holds):
        assert time.monotonic() < end, f"not in {HANG_SECONDS:g} s: {what}"
        time.sleep(0.1)


def has_ended(pid: int) -> bool:
    """Tell whether a process is gone, or waits only for its parent to take note of its end."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def free_port() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _holds(holds: Callable[[], object]) -> bool:
    try:
        return bool(holds())
    except OSError:
        return False
