"""First measurement of a model or a training function, in a worker process.

It runs the user's code for the first time, and that may hang or crash as in any trial. There is no study yet
whose record could say so: the command ends with one line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from advisor.jobs.engines import MODULES, Workers, in_own_process
from advisor.jobs.scratch import scratch_folder
from studies.engines.engine import Ending, Task
from studies.errors import BadWorkload, StudyError
from studies.quantities import format_seconds
from studies.user_code import code_line, is_of_user_code

if TYPE_CHECKING:
    from studies.engines.engine import Watch
    from studies.limits import Budget

Measured = TypeVar("Measured")

DEADLINE_SECONDS: Final = 600.0
"""Where neither a budget nor a trial's time is in seconds."""
LEAST_SECONDS: Final = 120.0
"""However short the budget is; no trial is given less."""


@dataclass(frozen=True, kw_only=True)
class FirstMeasurement:
    """Host of a worker that measures once."""

    measure: Callable[[], Any]

    def run(self, work: Any, watch: Watch) -> Any:  # noqa: ARG002 - there is one thing to do
        """Return what was measured, or what is wrong with the user's code."""
        try:
            return self.measure()
        except StudyError as error:
            return error
        except Exception as error:
            if not is_of_user_code(error):
                raise
            return BadWorkload(code_line(error, longest=500))

    def move_to(self, device: str) -> None:
        """Stay: what is measured knows its device."""


def measured_first(
    measure: Callable[[], Measured],
    subject: str,
    *,
    workers: Workers,
    budget: Budget | None,
    trial_seconds: float | None = None,
) -> Measured:
    """Return what is measured, by a worker process; in this one where no process is wanted or will do.

    Args:
        measure: what runs the user's code.
        subject: what it is called in messages.
        workers: as asked for; 0 measures in this process.
        budget: of the search; what is measured may take all of it, and some time in any case.
        trial_seconds: what it may take instead, where the user said so.

    Raises:
        StudyError: what `measure` raises, or that it ended its process or took too long, in one line.
    """
    from studies.engines.payload import CannotTravel, write_payload

    if in_own_process(workers):
        return measure()
    with scratch_folder() as folder:
        payload = folder / "host"
        try:
            write_payload(payload, FirstMeasurement(measure=measure))
        except CannotTravel:  # told when the search begins
            return measure()
        allowed_seconds = _deadline_seconds(budget) if trial_seconds is None else trial_seconds
        ending = _ending(payload, allowed_seconds)
    if isinstance(ending.result, StudyError):
        raise ending.result
    if ending.result is None:
        last = f"; it printed last: {ending.last_line}" if ending.last_line else ""
        raise BadWorkload(f"{subject} {_problem(ending, allowed_seconds)} when it was tried{last}")
    result: Measured = ending.result
    return result


def _deadline_seconds(budget: Budget | None) -> float:
    """Return what it may take: a short budget does not tell code that hangs from a busy machine."""
    if budget is None or budget.seconds is None:
        return DEADLINE_SECONDS
    return max(budget.seconds, LEAST_SECONDS)


def _ending(payload: Path, deadline_seconds: float) -> Ending:
    from studies.engines.local import Local

    engine = Local(payload, 1, MODULES)
    try:
        handle = engine.submit(Task(work=None, deadline_seconds=deadline_seconds))
        while not (endings := engine.wait([handle], 0.25)):
            pass  # a signal interrupts it
        return endings[0]
    finally:
        engine.close()


def _problem(ending: Ending, allowed_seconds: float) -> str:
    from studies.trials.death import how

    if ending.cause == "deadline":
        return f"took more than {format_seconds(allowed_seconds)}"
    return f"failed ({ending.error})" if ending.error else f"ended its process with {how(ending.status)}"
