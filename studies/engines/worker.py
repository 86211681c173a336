"""Worker: a process that loads a host once, then does one task after the other until nobody hands it any.

It reads messages from a connection: ("load", path of the payload, device), ("run", a task's work, seconds
after which it is to stop, most bytes), ("stop",). It writes ("ready",) once it has loaded, ("progress",
epochs), ("done", result, seconds, heavy) and ("raised", text, seconds, heavy); one that its tasks left heavy
is replaced. What it prints goes into a pipe that the coordinator reads.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from studies.engines.engine import Host
from studies.engines.payload import read_payload
from studies.engines.worker_output import Output, stream
from studies.machine.processes import process_bytes
from studies.process_state import ProcessState

LOOK_SECONDS: Final = 0.01
"""Between two looks for a message that says stop: a look takes as long as a small step."""
STOPPING: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
SPARE_THREADS: Final = 4
"""Threads of a worker, its own among them: what tasks left behind may take the processor from later ones."""
DIES_WITH_PARENT: Final = 1
"""Linux's PR_SET_PDEATHSIG."""


class ConnectionWatch:
    """Watch of a task whose coordinator is at the other end of a connection."""

    def __init__(self, connection: Connection, stop_after_seconds: float | None) -> None:
        self._connection, self._stopped = connection, False
        self._ends = float("inf") if stop_after_seconds is None else time.monotonic() + stop_after_seconds
        self._looked, self._epochs = time.monotonic(), 0

    def must_stop(self) -> bool:
        """Tell whether to stop now."""
        now = time.monotonic()
        if not self._stopped and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            # whatever comes during a task says stop; the end of the connection does too
            self._stopped = self._connection.poll()
        return self._stopped or now >= self._ends

    def progress(self, epochs: int) -> None:
        """Report the epochs done."""
        if epochs != self._epochs:
            self._epochs = epochs
            self._connection.send(("progress", epochs))


def work(connection: Connection) -> None:
    """Do what the messages of a connection say until it ends."""
    process, host, state, output, begun_bytes = os.getpid(), None, ProcessState.now(), Output(), 0
    with suppress(EOFError, ConnectionError):
        while True:
            match connection.recv():
                case ("load", path, device):
                    host = read_payload(Path(path))
                    if device is not None:
                        host.move_to(device)
                    state, begun_bytes = ProcessState.now(), _bytes()
                    connection.send(("ready",))
                case ("run", payload, stop_after_seconds, most_bytes):
                    answer = _run(host, payload, ConnectionWatch(connection, stop_after_seconds))
                    if os.getpid() != process:  # the task has forked, and this is the child
                        os._exit(0)
                    state.put_back()
                    output.put_back()
                    heavy = most_bytes is not None and _bytes() > (begun_bytes + most_bytes) / 2
                    heavy |= threading.active_count() > SPARE_THREADS
                    connection.send((*answer, heavy and not getattr(host, "holds_runs", False)))
                case _:
                    pass  # a task that was to stop had ended already


def _bytes() -> int:
    """Return the bytes of this process, those it shares with the fork server too."""
    return process_bytes(os.getpid(), exactly_above=sys.maxsize)


def _run(host: Any, payload: Any, watch: ConnectionWatch) -> tuple[str, Any, float]:
    began = time.monotonic()
    try:
        answer = ("done", _host(host).run(payload, watch))
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises: the worker goes on
        if isinstance(error, Exception):  # of ours: what a trial raises is its result
            traceback.print_exc()
        answer = ("raised", traceback.format_exception_only(error)[-1].strip())
    for printed in (sys.stdout, sys.stderr):
        with suppress(Exception):  # closed by the task, or a thing of its own in their place
            printed.flush()
    return (*answer, time.monotonic() - began)


def _host(host: Any) -> Host:
    if host is None:
        raise RuntimeError("a task came before the workload")
    return host  # type: ignore[no-any-return]


def begin(connection: int, output: int, *, dies_with_parent: bool) -> None:
    """Make this process a worker: its own session, its output in a pipe, the first that lack of memory ends.

    Args:
        connection: a file descriptor, of the connection to the coordinator.
        output: one to write to.
        dies_with_parent: whether the end of its parent ends it; Linux only.
    """
    os.setsid()
    _leave_stops_to_coordinator()
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if output > 2:
        os.close(output)
    # by lines: what was printed before a crash must have left
    sys.stdout, sys.stderr = stream(1), stream(2)
    if dies_with_parent:
        _die_with_parent()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    faulthandler.enable(file=2)
    work(Connection(connection))


def begin_spawned(arguments: Sequence[str]) -> None:
    """Make this process a worker that was started with its output in place.

    Args:
        arguments: the file descriptor of the connection.
    """
    begin(int(arguments[0]), 1, dies_with_parent=False)


def _leave_stops_to_coordinator() -> None:
    """Take no notice of the signals that a scheduler sends to every process of a job: it is told what to do.

    What this process forks has them as usual, as `terminate` of its own workers wants it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in STOPPING:
        signal.signal(number, _take_no_notice)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_as_usual)


def _as_usual() -> None:
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)


def _take_no_notice(number: int, frame: object) -> None:
    """Do nothing: unlike a signal that is ignored, it stays within this process."""


def _die_with_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
