"""Worker process as its coordinator sees it: what it is told, what it says, what it prints, and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Any, Final

import psutil

from studies.child_process import call_of
from studies.engines.engine import MOST_OUTPUT_BYTES, Cause, Ending, Handle, Task
from studies.engines.fork_server import ForkServer
from studies.machine.processes import process_bytes

CHUNK_BYTES: Final = 65_536
END_SECONDS: Final = 5.0
"""For a process whose connection is closed to have ended."""
LOAD_SECONDS: Final = 60.0
"""For a new worker to load what it needs, before the time of its first task counts."""


@dataclass(kw_only=True)
class Assignment:
    """What a worker is working on."""

    handle: Handle
    task: Task
    began: float = field(default_factory=time.monotonic)
    progress: int = 0
    peak_bytes: int = 0
    ends: float = float("inf")
    """When it is ended from outside, by the monotonic clock."""
    cause: Cause = "process"
    """Why it is ended then."""


class WorkerProcess:
    """Worker process.

    Args:
        number: what it is called; no other worker of the engine ever has it.
        payload: what it loads first.
        server: forks it; None starts a new interpreter.
        device: where it trains; None for where the payload says.
    """

    def __init__(
        self, number: int, payload: Path, server: ForkServer | None, device: str | None = None
    ) -> None:
        self.number, self.device, self._server = number, device, server
        ours, theirs = socket.socketpair()
        self._output, output = os.pipe()
        os.set_blocking(self._output, False)
        self._popen: subprocess.Popen[bytes] | None = None
        try:
            if server is not None:
                self.process = server.fork(theirs.fileno(), output)
            else:
                self._popen = _spawned(theirs.fileno(), output)
                self.process = self._popen.pid
        except OSError:
            ours.close()
            os.close(self._output)
            raise
        finally:
            theirs.close()
            os.close(output)
        self._connection = Connection(ours.detach())
        self._exit = _exit_descriptor(self.process)
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self.alive, self._ready = True, False
        self.assignment: Assignment | None = None
        self._tell("load", str(payload), device)

    @property
    def readers(self) -> tuple[Connection | int, ...]:
        """Return what to wait for: its messages, its output, and its end."""
        return (self._connection, self._output, *self._exit)

    def begin(self, handle: Handle, task: Task) -> None:
        """Hand it a task."""
        self._read_output()
        self._tail.clear()
        self._tail_bytes = 0
        self.assignment = Assignment(handle=handle, task=task)
        self._set_deadline(0.0 if self._ready else LOAD_SECONDS)
        self._tell("run", task.work, task.stop_after_seconds, task.most_bytes)

    def _set_deadline(self, loading_seconds: float) -> None:
        """Have its task end at its deadline, counted from when the worker has loaded what it needs."""
        assignment = self.assignment
        if assignment is not None and assignment.task.deadline_seconds is not None:
            self.end_after(loading_seconds + assignment.task.deadline_seconds, "deadline")

    def end_after(self, seconds: float, cause: Cause) -> None:
        """Have its task end in so many seconds at most, from outside if need be."""
        assignment, ends = self.assignment, time.monotonic() + seconds
        if assignment is not None and ends < assignment.ends:
            assignment.ends, assignment.cause = ends, cause

    def ask_to_stop(self) -> None:
        """Ask its task to stop."""
        self._tell("stop")

    def look(self) -> Ending | None:
        """Read what it has said and printed; return how its task ended, if it has."""
        exited = self._exited()  # before the last of what it said is read
        self._read_output()
        try:
            while self._connection.poll():
                ending = self._take(self._connection.recv())
                if ending is not None:
                    return ending
        except (EOFError, OSError):
            if self._exited(END_SECONDS):
                return self._ended("process")
            self._end()
            return self._ending(error="it closed the connection to the search")
        return self._ended("process") if exited else self._overdue()

    def close(self) -> None:
        """End the process and whatever it started."""
        if self.alive:
            self._end()
        self._connection.close()
        for descriptor in (self._output, *self._exit):
            os.close(descriptor)

    def _exited(self, seconds: float = 0.0) -> bool:
        """Tell whether the process ends within some seconds; a child of it may keep its connection open."""
        if self._popen is not None:
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(seconds)
            return self._popen.returncode is not None
        return bool(self._exit and wait_for_any(self._exit, seconds))

    def _take(self, message: tuple[Any, ...]) -> Ending | None:
        assignment = self.assignment
        match message:
            case ("ready",):
                self._ready = True
                self._set_deadline(0.0)
            case ("progress", epochs) if assignment is not None:
                assignment.progress = epochs
            case ("done", result, seconds, heavy):
                return self._ending(result=result, seconds=seconds, heavy=heavy)
            case ("raised", error, seconds, heavy):
                return self._ending(error=error, seconds=seconds, heavy=heavy)
        return None

    def _overdue(self) -> Ending | None:
        assignment = self.assignment
        if assignment is None or time.monotonic() < assignment.ends:
            return None
        return self._ended(assignment.cause)

    def weigh(self) -> Ending | None:
        """Measure its memory; return how its task ended if that is more than it may have."""
        assignment = self.assignment
        if assignment is None:
            return None
        most = assignment.task.most_bytes
        size = process_bytes(self.process, exactly_above=sys.maxsize if most is None else most)
        assignment.peak_bytes = max(assignment.peak_bytes, size)
        return self._ended("memory") if most is not None and size > most else None

    def _ended(self, cause: Cause) -> Ending | None:
        """End the process, and return how its task ended; None if it had none."""
        return self._ending(cause=cause, status=self._end())

    def _ending(self, *, seconds: float | None = None, heavy: bool = False, **entries: Any) -> Ending | None:
        assignment, self.assignment = self.assignment, None
        self._read_output()
        if heavy:  # what its tasks left behind would be counted as the next one's
            self._end()
        if assignment is None:
            return None
        return Ending(
            handle=assignment.handle,
            worker=self.number,
            progress=assignment.progress,
            peak_bytes=assignment.peak_bytes,
            output=b"".join(self._tail)[-MOST_OUTPUT_BYTES:].decode(errors="replace"),
            seconds=time.monotonic() - assignment.began if seconds is None else seconds,
            **entries,
        )

    def _tell(self, *message: Any) -> None:
        with suppress(OSError):  # it has ended: `look` says how
            self._connection.send(message)

    def _read_output(self) -> None:
        """Take in what it has printed, and keep the last of it."""
        with suppress(BlockingIOError):
            while chunk := os.read(self._output, CHUNK_BYTES):
                self._tail.append(chunk)
                self._tail_bytes += len(chunk)
                while self._tail_bytes - len(self._tail[0]) >= MOST_OUTPUT_BYTES:
                    self._tail_bytes -= len(self._tail.popleft())

    def _end(self) -> int:
        """End the process and all that it started; return its exit status, or minus a signal."""
        self.alive = False
        for process in [*_children(self.process), self.process]:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        with suppress(OSError):
            os.killpg(self.process, signal.SIGKILL)
        if self._popen is not None:
            return self._popen.wait()
        with suppress(OSError):
            return self._server.status(self.process) if self._server else -signal.SIGKILL
        return -signal.SIGKILL  # the fork server was ended, and its workers with it


def _exit_descriptor(process: int) -> tuple[int, ...]:
    """Return what becomes readable when a process ends; nothing where the system has no such thing."""
    with suppress(OSError, AttributeError):
        return (os.pidfd_open(process),)
    return ()


def _children(process: int) -> list[int]:
    """Return the processes that a process started, and those that these did."""
    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(process).children(recursive=True)]
    return []


def _spawned(connection: int, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        call_of("studies.engines.worker", "begin_spawned", connection),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=[connection],
    )
