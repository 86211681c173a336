"""Fork server: a process that has imported torch and forks a worker in milliseconds, time after time.

It runs no code of the user's and starts no thread, so that forking it is safe. It is a fresh interpreter, or
a fork of a command of ours that has just imported what both need and has run nothing of the user's yet: then
it is imported once for both. It ends, and its workers with it, when the process that started it does. There
is one a process, for all its searches. On systems other than Linux each worker is started anew, since forking
is not safe there.

Over its socket it reads `F` with two descriptors (a worker's connection and output), and answers with the
worker's process id; `S` with a process id, and answers with its exit status once it has ended.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from studies.child_process import call_of
from studies.imports import uncollected
from studies.late_compiler import leave_compiler

NUMBER: Final = struct.Struct("q")


class ForkServer:
    """Fork server as seen by the process that started it.

    Args:
        modules: what it imports before it forks.
        here: whether it is a fork of this process, which imports them then; for a command of ours that has
            run no code of the user's.
    """

    def __init__(self, modules: Sequence[str], *, here: bool = False) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = _forked(theirs, modules) if here else _started(theirs, modules)

    @property
    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    def fork(self, connection: int, output: int) -> int:
        """Fork a worker and return its process id.

        Raises:
            OSError: the server has ended.
        """
        socket.send_fds(self._socket, [b"F"], [connection, output])
        return self._number()

    def status(self, process: int) -> int:
        """Return the exit status of a worker that has ended, or minus the signal that ended it."""
        self._socket.sendall(b"S" + NUMBER.pack(process))
        return self._number()

    def close(self) -> None:
        """End the server and its workers."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _number(self) -> int:
        data = b""
        while len(data) < NUMBER.size:
            more = self._socket.recv(NUMBER.size - len(data))
            if not more:
                raise ConnectionError("the fork server has ended")
            data += more
        return int(NUMBER.unpack(data)[0])


class _Fork:
    """Process that this one has forked, with what is asked of one that was started."""

    def __init__(self, process: int) -> None:
        self.pid = process
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return its exit status; None while it runs."""
        if self._status is None and os.waitpid(self.pid, os.WNOHANG)[0]:
            self._status = 0
        return self._status

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait for its end."""
        if self._status is None:
            self._status = _reap(self.pid)


def _started(theirs: socket.socket, modules: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        call_of("studies.engines.fork_server", "serve", theirs.fileno(), *modules),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
    )


def _forked(theirs: socket.socket, modules: Sequence[str]) -> _Fork:
    _import(modules)
    process = os.fork()
    if process:
        return _Fork(process)
    try:
        _leave_all_but(theirs.fileno())
        _serve(theirs.detach())
    finally:
        os._exit(0)


def _leave_all_but(descriptor: int) -> None:
    """Let go of what came along from the process that forked this one, but for a descriptor and stderr."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    with Path(os.devnull).open("r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    # not a range up to SC_OPEN_MAX: in containers that is a billion, or -1 for no bound
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number != descriptor:
            with suppress(OSError):  # that of the folder itself is closed already
                os.close(number)


def _import(modules: Sequence[str]) -> None:
    with uncollected():
        import torch  # noqa: F401 - before its compiler is left

        leave_compiler()
        for module in modules:
            importlib.import_module(module)


def serve(arguments: Sequence[str]) -> None:
    """Serve until the other end of a socket is closed.

    Args:
        arguments: the socket's descriptor, then the modules to import.
    """
    control, *modules = arguments
    _import(modules)
    _serve(int(control))


def _serve(control: int) -> None:
    from studies.engines import worker

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # it ends with its socket
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # what is here stays: collecting it would copy its memory in every worker
    workers: set[int] = set()
    with socket.socket(fileno=control) as connection:
        while True:
            data, descriptors, _, _ = socket.recv_fds(connection, 1, 2)
            if not data:
                break
            if data == b"F":
                process = os.fork()
                if process == 0:
                    connection.close()
                    worker.begin(*descriptors, dies_with_parent=True)
                    os._exit(0)
                workers.add(process)
                for descriptor in descriptors:
                    os.close(descriptor)
                connection.sendall(NUMBER.pack(process))
            else:
                process = NUMBER.unpack(connection.recv(NUMBER.size, socket.MSG_WAITALL))[0]
                workers.discard(process)
                connection.sendall(NUMBER.pack(_reap(process)))
    for process in workers:
        with suppress(OSError):
            os.killpg(process, signal.SIGKILL)


def _reap(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
