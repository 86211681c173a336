"""Profile of a training function, in a worker process: its first epoch may hang or crash as any other may."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.jobs.engines import MODULES, parse_workers
from advisor.jobs.function import profile_function
from studies.engines.engine import Ending, Task
from studies.errors import BadWorkload, StudyError
from studies.quantities import format_seconds
from studies.trials.death import how

if TYPE_CHECKING:
    from advisor.jobs.request import Request
    from studies.engines.engine import Watch
    from studies.facts import Facts
    from studies.training_function.function import Function
    from studies.training_function.watched import Uses

Profile = tuple["Facts", "Uses"]


@dataclass(frozen=True, kw_only=True)
class FunctionProfile:
    """Host of a worker that profiles a training function."""

    request: Request
    function: Function

    def run(self, work: Any, watch: Watch) -> Profile | StudyError:  # noqa: ARG002 - there is one thing to do
        """Return the profile, or what is wrong with the function."""
        try:
            return profile_function(self.request, self.function)
        except StudyError as error:
            return error

    def move_to(self, device: str) -> None:
        """Stay: a function knows where it trains."""


def profiled(request: Request, function: Function) -> Profile:
    """Return a function's facts, and what it did with its recipe in its first epoch.

    Raises:
        BadWorkload: it failed, ended its process, or took longer than the whole budget.
        BadValue: something is asked for that only our own training loop does.
    """
    from studies.engines.payload import CannotTravel, write_payload

    if parse_workers(request.workers) == 0 or sys.platform == "win32":
        return profile_function(request, function)
    with tempfile.TemporaryDirectory(prefix="advisor-", ignore_cleanup_errors=True) as folder:
        payload = Path(folder) / "host"
        try:
            write_payload(payload, FunctionProfile(request=request, function=function))
        except CannotTravel:  # told when the search begins
            return profile_function(request, function)
        ending = _ending(payload, request.trial_seconds or request.budget.seconds)
    if isinstance(ending.result, StudyError):
        raise ending.result
    if ending.result is None:
        raise BadWorkload(f"{function.source} {_problem(ending)} in its first epoch{_last(ending)}")
    profile: Profile = ending.result
    return profile


def _ending(payload: Path, deadline_seconds: float | None) -> Ending:
    from studies.engines.local import Local

    engine = Local(payload, 1, MODULES)
    try:
        handle = engine.submit(Task(work=None, deadline_seconds=deadline_seconds))
        while not (endings := engine.wait([handle], 0.25)):
            pass  # a signal interrupts it
        return endings[0]
    finally:
        engine.close()


def _problem(ending: Ending) -> str:
    if ending.cause == "deadline":
        return f"took more than {format_seconds(ending.seconds)}"
    return f"failed ({ending.error})" if ending.error else f"ended its process with {how(ending.status)}"


def _last(ending: Ending) -> str:
    """Return the last line that it printed, if any."""
    last = ending.output.strip().rpartition("\n")[2]
    return f"; it printed last: {last}" if last else ""
