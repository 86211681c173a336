"""Stops: Ctrl-C and the signals that end a process. The first stops what runs, a second ends it at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from advisor.cli.terminal import HUNG_UP, INTERRUPTED, TERMINATED, say

BY_SIGNAL: Final[Mapping[str, int]] = {
    "SIGINT": INTERRUPTED,
    "SIGBREAK": INTERRUPTED,
    "SIGTERM": TERMINATED,
    "SIGHUP": HUNG_UP,
}
"""The exit status after each; Windows alone knows SIGBREAK, and knows no SIGHUP."""
HANGUP: Final[int] = getattr(signal, "SIGHUP", 0)
STATUS_OF: Final[Mapping[int, int]] = {
    int(getattr(signal, name)): status for name, status in BY_SIGNAL.items() if hasattr(signal, name)
}


@dataclass(kw_only=True, slots=True)
class Stops:
    """Signals that arrived in this process, and whether the first waits for what runs to end in order."""

    arrived: list[int] = field(default_factory=list)
    in_order: bool = False
    interrupting: bool = False
    """Whether one was raised as KeyboardInterrupt: whatever comes of that, the command ends by it."""

    @property
    def status(self) -> int:
        """Return the exit status that the first one asks for; 0 when none arrived."""
        return STATUS_OF[self.arrived[0]] if self.arrived else 0

    def take(self, number: int, frame: object = None) -> None:  # noqa: ARG002 - how a handler is called
        """Take in a signal: the first one raises KeyboardInterrupt, or is left to who asks for it."""
        if not add(self.arrived, number):
            return
        if len(self.arrived) > 1:
            end_at_once(self.status)
        if not self.in_order:
            self.interrupting = True
            raise KeyboardInterrupt
        _say_at_once("stopping; once more stops at once")


STOPS: Final = Stops()
"""Those of the command that this process runs."""
ENDING: Final = threading.Lock()
"""Taken by who ends the process at once."""


def add(arrived: list[int], number: int) -> bool:
    """Add a signal to those that arrived, and return whether it says anything new.

    A terminal that hangs up is told to a process by the kernel and by its shell: one hangup, not two.
    """
    again = number == HANGUP and number in arrived
    if not again:
        arrived.append(number)
    return not again


def end_at_once(status: int) -> None:
    """End this process with a status, whatever it is in the middle of; what was written stays."""
    if ENDING.acquire(blocking=False):
        _say_at_once("advisor: stopped at once")
        os._exit(status)


@contextmanager
def ended_by_signals() -> Iterator[Stops]:
    """Take the signals that end a process for as long as a command runs.

    A signal that was ignored before stays so, as `nohup` wants it, but for Ctrl-C. Outside the main thread no
    signal can be taken.
    """
    if threading.current_thread() is not threading.main_thread():
        yield STOPS
        return
    STOPS.arrived.clear()
    STOPS.interrupting = False
    taken = [number for number in STATUS_OF if _is_ours(number)]
    earlier = {number: signal.signal(number, STOPS.take) for number in taken}
    try:
        with _second_ends_calls():
            yield STOPS
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def stopped_in_order() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether to stop, and let nothing be interrupted meanwhile.

    For as long as the block lasts, the first signal is only noted.
    """
    STOPS.in_order = True
    try:
        yield lambda: bool(STOPS.arrived)
    finally:
        STOPS.in_order = False


def _is_ours(number: int) -> bool:
    return number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN


@contextmanager
def _second_ends_calls() -> Iterator[None]:
    """End the process at a second signal even while a call into C holds up Python's own handlers.

    The kernel's handler writes each signal's number to a socket at once; a thread reads them.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)  # noqa: FBT003 - it takes no name
    thread = threading.Thread(target=_count, args=(reader,), daemon=True, name="stops")
    thread.start()
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writer.close()
        thread.join()
        reader.close()


def _count(reader: socket.socket) -> None:
    arrived: list[int] = []
    while chunk := reader.recv(1):
        number = chunk[0]
        if number in STATUS_OF and add(arrived, number) and len(arrived) > 1:
            end_at_once(STATUS_OF[arrived[0]])


def _say_at_once(line: str) -> None:
    """Say a line from within a handler, where stderr may be in use or gone."""
    with suppress(OSError, RuntimeError, ValueError):
        say(line)
