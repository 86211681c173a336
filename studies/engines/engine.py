"""Engine: runs tasks somewhere, and tells how each ended; three verbs, whatever is behind them.

    handle = engine.submit(Task(work=work))
    for ending in engine.wait([handle], seconds=1.0):
        ending.result
    engine.cancel(handle)

Tasks, results and endings are values: they can be sent to another process or another machine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

Handle = int

GRACE_SECONDS: Final = 5.0
"""For a task that was asked to stop, until its worker is ended."""
MOST_OUTPUT_BYTES: Final = 65_536
"""Of what a task printed, the last so many are kept."""

Cause = Literal["process", "deadline", "memory", "cancelled"]
"""process: the worker ended by itself, or something else ended it; the others: the engine ended it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Task: what a worker's host is to do, and what that may take."""

    work: Any
    """A value that the host understands; it must be picklable."""
    stop_after_seconds: float | None = None
    """When it is asked to stop, counted from when it begins; it may still return a result."""
    deadline_seconds: float | None = None
    """When its worker is ended from outside, counted from when it begins."""
    most_bytes: int | None = None
    """Memory of its worker, beyond which that is ended."""
    worker: int | None = None
    """The only worker that can do it, because that holds what it goes on with; None for any."""
    rather: int | None = None
    """The worker that does it faster than others, if it is free."""

    @property
    def stops_first(self) -> bool:
        """Tell whether it is asked to stop before its deadline, so that there it did not obey."""
        stop, deadline = self.stop_after_seconds, self.deadline_seconds
        return stop is not None and deadline is not None and stop < deadline


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a task ended: with a result, or because its worker did."""

    handle: Handle
    worker: int
    """Which worker had it; one that takes another's place has another number. -1 where it never began."""
    result: Any = None
    cause: Cause | None = None
    """Why there is no result; None where there is one."""
    error: str = ""
    """What the host raised, in a line; its own tasks return what goes wrong in them as results."""
    status: int = 0
    """Of a worker that ended: its exit status, or minus the signal that ended it."""
    progress: int = 0
    """What the task last reported: the epochs it had done."""
    output: str = ""
    """The last of what it printed."""
    seconds: float = 0.0
    """By the wall clock, from when it was handed over."""
    peak_bytes: int = 0
    """The most memory that its worker was seen with."""

    @property
    def last_line(self) -> str:
        """Return the last line that the task printed; empty if it printed nothing."""
        return self.output.strip().rpartition("\n")[2]


class Watch(Protocol):
    """What a task asks and reports while it runs."""

    def must_stop(self) -> bool:
        """Tell whether to stop now; cheap enough to be asked before every step."""

    def progress(self, epochs: int) -> None:
        """Report the epochs done."""


class Host(Protocol):
    """What does the tasks: it holds what they share, such as the workload."""

    def run(self, work: Any, watch: Watch) -> Any:
        """Do a task and return its result, a picklable value."""

    def move_to(self, device: str) -> None:
        """Work on another device from now on: each GPU has workers of its own."""


class Engine(Protocol):
    """Where tasks run."""

    workers: int
    """How many tasks run at once."""

    @property
    def free(self) -> int:
        """Return how many more tasks would begin at once."""

    def submit(self, task: Task) -> Handle:
        """Hand over a task; it waits where every worker is busy."""

    def wait(self, handles: Collection[Handle], seconds: float) -> list[Ending]:
        """Wait until any of some tasks has ended, or for so long; return those that ended, each once."""

    def cancel(self, handle: Handle, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask a task to stop, and end its worker if that takes longer than the grace; `wait` tells."""

    def holds(self, worker: int) -> bool:
        """Tell whether a worker still lives, with all that it holds."""

    def close(self) -> None:
        """End the workers, whatever they do."""
