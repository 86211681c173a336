"""Local engine: worker processes on this machine; the end of one costs what it was working on, and no more.

A worker that ends, or that is ended because its task takes too long or too much memory, is replaced by a new
one. No pool of a library is used: joblib's and the standard library's both lose the work of other workers
when one dies (measured by killing one of five).
"""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Collection, Sequence
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Final

from studies.engines.engine import GRACE_SECONDS, Ending, Handle, Task
from studies.engines.fork_server import ForkServer
from studies.engines.worker_process import WorkerProcess

WEIGH_SECONDS: Final = 0.2
"""Between two looks at the memory of the workers."""
START_ATTEMPTS: Final = 5
FORKS: Final = sys.platform == "linux"

_servers: Final[dict[tuple[str, ...], ForkServer]] = {}
"""The fork server of this process, by the modules that it has imported."""


def fork_server(modules: Sequence[str], *, here: bool = False) -> ForkServer | None:
    """Return this process's fork server, started if there is none yet; None where forking is not safe.

    It imports torch while its caller does something else, or is a fork of its caller that has imported it.

    Args:
        modules: what it imports, too.
        here: whether this process is a command of ours that has run no code of the user's: it may be forked.
    """
    if not FORKS:
        return None
    key = tuple(modules)
    if key in _servers and not _servers[key].alive:
        _servers.pop(key).close()
    if key not in _servers:
        _servers[key] = ForkServer(modules, here=here)
    return _servers[key]


@atexit.register
def close_servers() -> None:
    """End the fork servers of this process, and with them whatever workers are left."""
    for server in _servers.values():
        server.close()
    _servers.clear()


class Local:
    """Engine of worker processes on this machine.

    Args:
        payload: a file with the host that every worker loads, as `write_payload` wrote it.
        workers: how many.
        modules: what they have imported before they begin.
        devices: of the workers, one for each; none for where the payload says.
    """

    def __init__(
        self, payload: Path, workers: int, modules: Sequence[str] = (), devices: Sequence[str] = ()
    ) -> None:
        self.workers, self._devices = workers, tuple(devices)
        self._payload, self._modules = payload, tuple(modules)
        self._queue: dict[Handle, Task] = {}
        self._processes: list[WorkerProcess] = []
        self._submitted = self._started = 0
        self._endings: dict[Handle, Ending] = {}
        self._weighed = time.monotonic()

    @property
    def free(self) -> int:
        """Return how many more tasks would begin at once."""
        busy = sum(process.assignment is not None for process in self._processes)
        return self.workers - busy - sum(task.worker is None for task in self._queue.values())

    def submit(self, task: Task) -> Handle:
        """Hand over a task; it waits where every worker is busy."""
        self._submitted += 1
        self._queue[self._submitted] = task
        self._hand_out()
        return self._submitted

    def wait(self, handles: Collection[Handle], seconds: float) -> list[Ending]:
        """Wait until any of some tasks has ended, or for so long; return those that ended, each once."""
        until = time.monotonic() + seconds
        self._look()
        while not any(handle in self._endings for handle in handles):
            left = until - time.monotonic()
            if left <= 0:
                break
            readers = [reader for process in self._processes for reader in process.readers]
            wait_for_any(readers, max(0.0, min(left, WEIGH_SECONDS, self._until_next_end())))
            self._look()
        return [self._endings.pop(handle) for handle in handles if handle in self._endings]

    def cancel(self, handle: Handle, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask a task to stop, and end its worker if that takes longer than the grace; `wait` tells."""
        if self._queue.pop(handle, None) is not None:
            self._endings[handle] = Ending(handle=handle, worker=-1, cause="cancelled")
        for process in self._processes:
            if process.assignment is not None and process.assignment.handle == handle:
                process.ask_to_stop()
                process.end_after(grace_seconds, "cancelled")

    def holds(self, worker: int) -> bool:
        """Tell whether a worker still lives, with all that it holds."""
        return any(process.number == worker for process in self._processes)

    def close(self) -> None:
        """End the workers, whatever they do."""
        for process in self._processes:
            process.close()
        self._processes.clear()
        self._queue.clear()

    def _look(self) -> None:
        """Read what the workers say, replace those that ended, and hand out what waits."""
        for process in self._processes:
            self._take(process.look())
        if time.monotonic() - self._weighed >= WEIGH_SECONDS:
            self._weighed = time.monotonic()
            for process in self._processes:
                self._take(process.weigh())
        for process in [process for process in self._processes if not process.alive]:
            process.close()
            self._processes.remove(process)
        self._end_orphans()
        self._hand_out()

    def _take(self, ending: Ending | None) -> None:
        if ending is not None:
            self._endings[ending.handle] = ending

    def _end_orphans(self) -> None:
        """End the tasks that only a worker could do that is gone."""
        for handle, task in list(self._queue.items()):
            if task.worker is not None and not self.holds(task.worker):
                del self._queue[handle]
                self._endings[handle] = Ending(handle=handle, worker=-1, cause="process")

    def _hand_out(self) -> None:
        """Give free workers what waits, in the order in which it was submitted."""
        for handle, task in list(self._queue.items()):
            process = self._free_for(task)
            if process is not None:
                del self._queue[handle]
                process.begin(handle, task)

    def _free_for(self, task: Task) -> WorkerProcess | None:
        """Return a free worker for a task: the one it is bound to, the one it goes faster on, or any."""
        free = [process for process in self._processes if process.assignment is None and process.alive]
        if task.worker is not None:
            return next((process for process in free if process.number == task.worker), None)
        free.sort(key=lambda process: (process.number != task.rather, process.number))
        if free:
            return free[0]
        return self._start() if len(self._processes) < self.workers else None

    def _start(self) -> WorkerProcess:
        """Start a worker; a fork server that ends meanwhile is replaced.

        Raises:
            OSError: none can be started.
        """
        self._started += 1
        for attempt in range(START_ATTEMPTS):
            server = fork_server(self._modules)
            try:
                process = WorkerProcess(self._started, self._payload, server, self._free_device())
            except OSError:
                if server is None or attempt + 1 == START_ATTEMPTS:
                    raise
                _servers.pop(self._modules).close()
            else:
                self._processes.append(process)
                return process
        raise AssertionError

    def _free_device(self) -> str | None:
        """Return a device that has fewer workers than it should; None where nothing is said of devices."""
        free = list(self._devices)
        for process in self._processes:
            if process.device in free:
                free.remove(process.device)
        return free[0] if free else None

    def _until_next_end(self) -> float:
        ends = (process.assignment.ends for process in self._processes if process.assignment)
        return min(ends, default=float("inf")) - time.monotonic()
