"""Death of a worker: what it makes of the trial that it had, in words that say what happened and when."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

from studies.quantities import format_bytes, format_seconds
from studies.record import SEARCH_ENDED
from studies.trials.trial import Outcome

if TYPE_CHECKING:
    from studies.engines.engine import Ending, Task

NO_MEMORY: Final = "perhaps because the machine ran out of memory"


def outcome_of(
    ending: Ending, task: Task, *, trial_seconds: float | None = None, where: str | None = None
) -> Outcome:
    """Return what becomes of a trial whose worker ended under it.

    Args:
        ending: how it ended.
        task: what it worked on.
        trial_seconds: what the user allows a whole run; None where nothing was said.
        where: what it was at; None for an epoch.
    """
    whole = getattr(task.work, "epochs", ending.progress + 1)
    # at its last epoch it was being measured, or about to pause
    epoch = f"after epoch {whole}" if ending.progress >= whole else f"in epoch {ending.progress + 1}"
    where = where or epoch
    match ending.cause:
        case "memory":
            most = task.most_bytes or 1
            size, share = format_bytes(ending.peak_bytes), format_bytes(most)
            error = f"out of memory {where}: its process held {size}, and may hold {share}"
            return Outcome(
                state="infeasible",
                error=error,
                violation=ending.peak_bytes / most - 1,
                peak_bytes=ending.peak_bytes,
            )
        case "deadline" if task.stops_first:
            error = f"ended {where}, as it did not stop when the budget was used up: {SEARCH_ENDED}"
            return Outcome(state="pruned", error=error)
        case "deadline":
            allowed = format_seconds(trial_seconds or task.deadline_seconds or ending.seconds)
            return Outcome(state="failed", error=f"ended {where}, as it took more than {allowed}")
        case "cancelled":
            return Outcome(state="pruned", error=f"stopped {where}: {SEARCH_ENDED}")
    if ending.error:
        return Outcome(state="failed", error=ending.error)
    return Outcome(state="failed", error=f"the process ended with {how(ending.status)} {where}")


def how(status: int) -> str:
    """Return how a process ended: by itself, or by a signal."""
    if status >= 0:
        return f"status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else "unknown"
    why = f", {NO_MEMORY}," if -status == signal.SIGKILL else ""
    return f"signal {-status} ({name}){why}"
