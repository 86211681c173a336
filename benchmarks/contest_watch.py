"""Watch over a contestant: after each run it writes what it has by now, and ends the contest in time."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contest_workloads import Problem

if TYPE_CHECKING:
    from benchmarks.contest_training import Run

TICKS: Final = os.sysconf("SC_CLK_TCK")


def spent_seconds() -> float:
    """Return the processor time of this process and of the children that it has waited for."""
    return sum(os.times()[:4])


def started_seconds_ago() -> float:
    """Return the seconds since this process was started, imports included."""
    fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / TICKS


class Over(BaseException):
    """The contest is over for this contestant; no library takes it for a failed trial."""


@dataclass(kw_only=True)
class Watch:
    """Best of a contestant by now, and until when it goes on."""

    problem: Problem
    target: float | None
    """It ends when a run reaches this; None to go on until the cap."""
    cap_seconds: float
    by_clock: bool = False
    """Whether the cap counts seconds by the clock; else processor seconds."""
    best: float | None = None
    epochs: int = 0
    """Trained by now."""
    test: float | None = None
    """Of the best run, where the contest goes until the cap: what is handed over."""

    def note(self, run: Run, epochs: int) -> None:
        """Take a run that has ended, or was stopped, after so many more epochs; write a line.

        Raises:
            Over: the target is reached, or the cap.
        """
        self.epochs += epochs
        sign = self.problem.sign
        better = run.quality is not None and (self.best is None or sign * (run.quality - self.best) > 0)
        if better:
            self.best = run.quality
            self.test = run.test_quality() if self.target is None else None
        self._write()
        spent = started_seconds_ago() if self.by_clock else spent_seconds()
        if spent > self.cap_seconds or self._reached():
            raise Over

    def _reached(self) -> bool:
        return self.target is not None and self.problem.reaches(self.best, self.target)

    def _write(self) -> None:
        line: dict[str, Any] = {
            "processor": round(spent_seconds(), 3),
            "wall": round(started_seconds_ago(), 3),
            "best": self.best,
            "runs": round(self.epochs / self.problem.epochs, 3),
        }
        print(json.dumps(line | ({"test": self.test} if self.test is not None else {})), flush=True)
