"""Commands that faults are done to: a search as a user starts it, its processes, what it has told."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from studies.storage.follow import Journal

ROOT: Final = Path(__file__).resolve().parents[1]
STUDY: Final = "s"
HANG_SECONDS: Final = 300.0
"""After which a command that says nothing counts as hung, however busy the machine is."""
ENDED: Final = re.compile(r"^\[[^\]]*\] #(\d+) ", re.MULTILINE)
"""A progress line of a trial that ended."""
QUICK: Final = """
import math, time, torch

def fit(recipe, report, seed):
    weights = torch.nn.Linear(1, 1)
    optimizer = recipe.optimizer.build(weights, recipe.epochs)
    for epoch in range(recipe.epochs):
        time.sleep(0.02)
        weights(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        if report(epoch + 1, 1 / (1 + abs(math.log10(recipe.optimizer.lr) + 2))):
            return
"""
"""A training function whose epoch takes 20 ms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Toll:
    """Toll of a fault: how often it was done, and what it cost."""

    rounds: int
    survived: int
    """Rounds after which the search went on, or ended with its answer where that is all that can be."""
    lost: int
    """Trials that were told or written down before, and were not there, or were others, afterwards."""
    said: str
    """What a user read, in a line."""


class Command:
    """Command under way in a directory of its own.

    Args:
        place: where it runs; its home is there too.
        words: of the command line.
        environment: variables beside those of this process.
    """

    def __init__(self, place: Path, *words: str, **environment: str) -> None:
        self._place, count = place, len(list(place.glob("stderr-*")))
        self._stdout, self._stderr = place / f"stdout-{count}", place / f"stderr-{count}"
        path = os.pathsep.join(filter(None, (environment.pop("PYTHONPATH", ""), str(ROOT))))
        ours = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "ADVISOR_HOME": str(place / "home")}
        with self._stdout.open("wb") as out, self._stderr.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "advisor", *words],
                cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
                env={**os.environ, **ours, **environment},
            )  # fmt: skip

    @classmethod
    def search(cls, place: Path, *words: str, code: str = QUICK, **environment: str) -> Command:
        """Start a search of a training function."""
        (place / "loop.py").write_text(code, encoding="utf-8")
        usual = ("--metric", "accuracy", "--study", STUDY, "--epochs", "3", "--optimizers", "SGD,AdamW")
        mirror = () if "--tracking-uri" in words else ("--tracking-uri", "off")
        return cls(
            place,
            "search",
            "loop.py:fit",
            *usual,
            "--no-earlier",
            "--exhaust",
            *mirror,
            *words,
            **environment,
        )

    @property
    def stdout(self) -> str:
        """Return the answer so far."""
        return self._stdout.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        """Return what was told so far."""
        return self._stderr.read_text(errors="replace")

    @property
    def last_line(self) -> str:
        """Return the last line that was told."""
        return ([line for line in self.stderr.splitlines() if line.strip()] or ["nothing"])[-1]

    @property
    def status(self) -> int | None:
        """Return the exit status; None while it runs."""
        return self._process.poll()

    def announced(self) -> set[int]:
        """Return the numbers of the trials whose end was told."""
        return {int(number) for number in ENDED.findall(self.stderr)}

    def lost(self, study: str = STUDY) -> int:
        """Return how many trials it told that are not in the journal of its study."""
        return len(self.announced() - set(written(self._place, study)))

    def wait_for(self, true: Callable[[], bool], seconds: float = HANG_SECONDS) -> bool:
        """Wait until something is true; return False if the command ends first, or it takes too long."""
        until = time.monotonic() + seconds
        while not true():
            if self.status is not None or time.monotonic() > until:
                return true()
            time.sleep(0.01)
        return True

    def wait(self, seconds: float = HANG_SECONDS) -> int:
        """Wait for its end and return the exit status; one that hangs is killed."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        self.kill()
        return self._process.wait()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it alone, as the kernel does."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def processes(self, kind: str) -> list[psutil.Process]:
        """Return its processes of a kind: coordinator, worker, mirror, fork server; or all."""
        with suppress(psutil.Error):
            coordinator = psutil.Process(self._process.pid)
            children = coordinator.children(recursive=True)
            ours = [child for child in children if child.ppid() == coordinator.pid]
            mirrors = [child for child in children if _runs(child, "tracking.process")]
            servers = [child for child in ours if _serves(child, coordinator)]
            kinds = {
                "coordinator": [coordinator],
                "fork server": servers,
                "worker": [child for server in servers for child in server.children()],
                "mirror": mirrors,
                "all": [*children, coordinator],
            }
            return kinds[kind]
        return []


def _serves(child: psutil.Process, coordinator: psutil.Process) -> bool:
    """Tell whether a child is the fork server: a fork of its coordinator, or a fresh one that replaced it."""
    with suppress(psutil.Error):
        return child.cmdline() == coordinator.cmdline() or _runs(child, "fork_server")
    return False


def _runs(process: psutil.Process, module: str) -> bool:
    with suppress(psutil.Error):
        return module in " ".join(process.cmdline())
    return False


def written(place: Path, study: str = STUDY) -> dict[int, str]:
    """Return the trials of a study's journal by number, each as text to compare; none without a journal."""
    if not (place / "home" / "studies" / f"{study}.journal").exists():
        return {}
    records = Journal(place / "home", study).read().records
    return {record.number: json.dumps(record.to_dict(), sort_keys=True) for record in records}


def lost(before: dict[int, str], announced: set[int], after: dict[int, str]) -> int:
    """Return how many trials are gone or changed that were written down or told before."""
    return len(
        {number for number in before if after.get(number) != before[number]} | (announced - set(after))
    )


def chance_of(seed: int) -> random.Random:
    """Return random numbers that are the same in every run."""
    return random.Random(seed)  # noqa: S311 - it can be repeated


def gone(processes: list[psutil.Process], seconds: float = 30.0) -> bool:
    """Wait until processes have ended, and tell whether they did."""
    return not psutil.wait_procs(processes, timeout=seconds)[1]
