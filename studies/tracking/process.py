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
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE
from threading import Event, Lock, Thread
from typing import Final, Self

from studies.child_process import command_of
from studies.errors import StudyError
from studies.tracking.address import VARIABLE
from studies.tracking.sink import Sink

TICK_SECONDS: Final = 2.0
FIRST_SECONDS: Final = 1.0
"""Until MLflow is imported, while the first workers of a search begin."""
LONGEST_PAUSE_SECONDS: Final = 60.0
HURRIED_SECONDS: Final = 5.0
"""How long a last pass is waited for when somebody wants an end: who stops processes often waits 10 s."""
LAST_PASS_SECONDS: Final = 300.0
"""How long a mirror outlives a search that was killed, where its server does not answer."""
POLL_SECONDS: Final = 0.25
NICENESS: Final = 10
"""A ninth of the share of a process beside it on a busy core; the first steps of a search come first."""


class Mirror:
    """Process beside a search that writes its trials to MLflow; it can neither slow nor stop the search."""

    def __init__(self, name: str, launch: Callable[[], subprocess.Popen[str]]) -> None:
        self._name, self._launch = name, launch
        self._process = launch()
        self._changing, self._finishing, self._again = Lock(), False, True
        Thread(target=self._replace, daemon=True, name=f"mirror of {name}").start()

    @classmethod
    def start(cls, home: Path, name: str, tracking_uri: str | None = None) -> Self:
        """Start mirroring a study; a process that dies is started again, once."""
        return cls(name, partial(launch, home, name, tracking_uri))

    def finish(self, timeout_seconds: float, *, stop: Callable[[], bool] = lambda: False) -> str | None:
        """Ask for a last pass and wait for it; return None if all is mirrored, else why not in one line.

        Args:
            timeout_seconds: how long it is waited for.
            stop: whether somebody wants an end, so that it is waited for `HURRIED_SECONDS` at most.
        """
        with self._changing:
            self._finishing = True
        problem = self._last_pass(timeout_seconds, stop)
        if not problem and self._process.returncode and self._start_again():
            problem = self._last_pass(timeout_seconds, stop)
        if not problem and (status := self._process.returncode):
            problem = f"its process ended with status {status}"
        if not problem:
            return None
        return f"MLflow mirror not finished: {problem}; complete it with: advisor sync {self._name}"

    def _last_pass(self, timeout_seconds: float, stop: Callable[[], bool]) -> str:
        """Wait for the last pass; return what it could not write, empty when nothing."""
        began, allowed, line = time.monotonic(), timeout_seconds, "finish\n"
        while True:
            waited = time.monotonic() - began
            if stop():
                allowed = min(allowed, HURRIED_SECONDS)
            try:
                patience = max(0.0, min(POLL_SECONDS, allowed - waited))
                return self._process.communicate(line, timeout=patience)[0]
            except subprocess.TimeoutExpired:
                line = ""
                if waited >= allowed:
                    self._process.kill()
                    self._process.communicate()
                    return f"{allowed:g} s were not enough"

    def _replace(self) -> None:
        """Start it again as soon as it dies, once."""
        self._process.wait()
        with self._changing:
            if not self._finishing:
                self._start_again()

    def _start_again(self) -> bool:
        """Start it again, unless that was done before; return whether it was."""
        if not self._again:
            return False
        with suppress(OSError), self._process:  # closes its pipes
            self._again, self._process = False, self._launch()
        return True


def launch(home: Path, name: str, tracking_uri: str | None) -> subprocess.Popen[str]:
    """Start the process, in a session of its own: Ctrl-C in the terminal does not reach it."""
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if tracking_uri:
        environment[VARIABLE] = tracking_uri
    return subprocess.Popen(  # noqa: S603 - our own command
        command_of("studies.tracking.process", str(home.resolve()), name),
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, start_new_session=True, env=environment,
    )  # fmt: skip


def watch(home: Path, name: str, tracking_uri: str | None) -> str | None:
    """Mirror a study until standard input has a line or ends, or the parent dies.

    Returns what kept the last pass from its end, if anything.
    """
    parent, pause, sink, ending = os.getppid(), FIRST_SECONDS, None, Event()
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
    """Wait for a line or the end of standard input, then see that this process ends.

    In a thread: on Windows a pipe cannot be asked whether there is one.
    """
    with suppress(OSError):
        os.read(0, 1)
    arrived.set()
    time.sleep(LAST_PASS_SECONDS)
    os._exit(1)


def yield_to_others() -> None:
    """Leave the processor to others, but for a share that the mirror keeps up with a search on.

    Where Linux groups processes by session, niceness counts within a session alone, and this one has its own.
    """
    with suppress(OSError, AttributeError):  # Windows knows no niceness
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(f"{NICENESS}", encoding="ascii")


def main(home: str, name: str) -> int:
    """Mirror until told to stop, then say on standard output what is missing, nothing when all is there."""
    yield_to_others()
    gc.set_threshold(50_000, 50, 50)  # a sixth of the time; what MLflow's database layer makes is short-lived
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        problem = watch(Path(home), name, os.environ.get(VARIABLE))
    sys.stdout.write(problem or "")
    return 0 if problem is None else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
