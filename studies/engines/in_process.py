"""In-process engine: tasks run in this process, one after the other, while somebody waits for them.

For debuggers, for what cannot be sent to another process, and where a process costs more than it gives. What
a task does to the process, it does to the search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from studies.engines.engine import GRACE_SECONDS, Ending, Handle, Host, Task

ONLY_WORKER: Final = 0


@dataclass(kw_only=True)
class DirectWatch:
    """Watch of a task in this process."""

    stop: Callable[[], bool]
    epochs: int = 0

    def must_stop(self) -> bool:
        """Tell whether to stop now."""
        return self.stop()

    def progress(self, epochs: int) -> None:
        """Note the epochs done."""
        self.epochs = epochs


@dataclass(kw_only=True)
class InProcess:
    """Engine that runs tasks in this process.

    Args:
        host: does the tasks.
        stop: whether to stop, asked within a task: the user wants it, or time is up. Nothing else ends one.
        clock: seconds of which differences are what a task takes.
    """

    host: Host
    stop: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    workers: int = 1
    _queue: dict[Handle, Task] = field(default_factory=dict)
    _cancelled: list[Handle] = field(default_factory=list)
    _submitted: int = 0

    @property
    def free(self) -> int:
        """Return how many more tasks would begin at once."""
        return 0 if self._queue else 1

    def submit(self, task: Task) -> Handle:
        """Hand over a task; it waits until `wait` is called."""
        self._submitted += 1
        self._queue[self._submitted] = task
        return self._submitted

    def wait(self, handles: Collection[Handle], seconds: float) -> list[Ending]:  # noqa: ARG002 - a task takes as long as it takes
        """Run the first of some tasks, and return how it ended."""
        cancelled = [handle for handle in self._cancelled if handle in handles]
        self._cancelled = [handle for handle in self._cancelled if handle not in handles]
        if cancelled:
            return [Ending(handle=handle, worker=-1, cause="cancelled") for handle in cancelled]
        handle = next((handle for handle in self._queue if handle in handles), None)
        return [] if handle is None else [self._run(handle, self._queue.pop(handle))]

    def cancel(self, handle: Handle, *, grace_seconds: float = GRACE_SECONDS) -> None:  # noqa: ARG002 - nothing runs meanwhile
        """Take back a task that has not begun."""
        if self._queue.pop(handle, None) is not None:
            self._cancelled.append(handle)

    def holds(self, worker: int) -> bool:
        """Tell whether it is the only worker there is."""
        return worker == ONLY_WORKER

    def close(self) -> None:
        """Forget what has not begun."""
        self._queue.clear()

    def _run(self, handle: Handle, task: Task) -> Ending:
        began, watch = self.clock(), DirectWatch(stop=self.stop)
        result = self.host.run(task.work, watch)
        seconds = self.clock() - began
        return Ending(
            handle=handle, worker=ONLY_WORKER, result=result, progress=watch.epochs, seconds=seconds
        )
