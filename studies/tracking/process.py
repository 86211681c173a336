"""Mirror process: it runs beside a search and keeps its MLflow mirror up to date.

    python -m studies.tracking.process HOME STUDY

MLflow's imports, its migrations and its writing cost seconds of CPU; in a process of their own they cost the
search nothing, and a slow, dead or full tracking server neither slows it nor stops it. The address of the
runs, which may hold a password, comes in MLflow's own environment variable, never on the command line.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from threading import Event, Thread
from typing import Final, Self

from studies.child_process import command_of
from studies.errors import StudyError
from studies.tracking.address import VARIABLE
from studies.tracking.sink import Sink

TICK_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 60.0


class Mirror:
    """Process beside a search that writes its trials to MLflow; it can neither slow nor stop the search."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name = name
        self._process = process

    @classmethod
    def start(cls, home: Path, name: str, tracking_uri: str | None = None) -> Self:
        """Start mirroring a study, in a session of its own: Ctrl-C in the terminal does not reach it."""
        environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
        if tracking_uri:
            environment[VARIABLE] = tracking_uri
        process = subprocess.Popen(  # noqa: S603 - our own command
            command_of("studies.tracking.process", str(home.resolve()), name),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, start_new_session=True, env=environment,
        )  # fmt: skip
        return cls(name, process)

    def finish(self, timeout_seconds: float) -> str | None:
        """Ask for a last pass and wait for it; return None if all is mirrored, else why not in one line."""
        try:
            problem, _ = self._process.communicate("finish\n", timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            problem = f"{timeout_seconds:g} s were not enough"
        if not problem and (status := self._process.returncode):
            problem = f"its process ended with status {status}"
        if not problem:
            return None
        return f"MLflow mirror not finished: {problem}; complete it with: advisor sync {self._name}"


def watch(home: Path, name: str, tracking_uri: str | None) -> str | None:
    """Mirror a study until standard input has a line or ends, or the parent dies.

    Returns what kept the last pass from its end, if anything.
    """
    parent, pause, sink, ending = os.getppid(), 0.0, None, Event()
    Thread(target=_await_input, args=(ending,), daemon=True).start()
    while True:
        last = ending.wait(pause) or os.getppid() != parent
        try:
            sink = sink or Sink(home, name, tracking_uri)
            sink.write(status="KILLED" if last else "RUNNING")
            problem, pause = None, TICK_SECONDS
        except StudyError as error:
            if sink is not None:
                sink.close()
            sink, problem, pause = None, str(error), min(max(2 * pause, TICK_SECONDS), LONGEST_PAUSE_SECONDS)
        if last:
            return problem


def _await_input(arrived: Event) -> None:
    """Wait for a line or the end of standard input.

    In a thread: on Windows a pipe cannot be asked whether there is one.
    """
    with suppress(OSError):
        os.read(0, 1)
    arrived.set()


def main(home: str, name: str) -> int:
    """Mirror until told to stop, then say on standard output what is missing, nothing when all is there."""
    with suppress(OSError, AttributeError):  # only what no one else wants of the processor; Linux knows how
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    gc.set_threshold(50_000, 50, 50)  # a sixth of the time; what MLflow's database layer makes is short-lived
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        problem = watch(Path(home), name, os.environ.get(VARIABLE))
    sys.stdout.write(problem or "")
    return 0 if problem is None else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
