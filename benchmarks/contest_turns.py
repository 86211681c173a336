"""Turns of the contest: a contestant on a workload, in a process of its own, and all of them one by one."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks import contest_own
from benchmarks.contest_others import interpreter, version_of
from benchmarks.contest_rows import OURS, TARGETS, Failed, Row, append, read_rows
from benchmarks.contest_workloads import BY_NAME, Problem, targets_of, write_data

BUDGET: Final = "150trials"
"""Of our search: about what trains in the cap. A budget in seconds would end by the clock, which runs faster
than processor seconds beside other load."""
CLOCK: Final = 8.0
"""Seconds by the clock after which a process is ended, over the cap."""
ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What is asked of a start."""

    cap_seconds: float
    folder: Path
    workers: str = "1"
    budget: str = BUDGET
    options: tuple[str, ...] = ()
    """Further options of our command."""

    def rows(self, problem: Problem, seed: int, contestant: str, times: Sequence[float]) -> list[Row]:
        """Return the rows of a contestant on a workload: of the targets, or of what it hands over in time.

        Args:
            problem: the workload.
            seed: of split, weights and search.
            contestant: its name.
            times: seconds after which it hands over; none for the targets.
        """
        data = write_data(problem, seed, self.folder / "data")
        if contestant == OURS:
            rows = self._ours(problem, data, seed, times)
            known = version("optimizer-advisor")
        else:
            rows = self._theirs(problem, data, seed, contestant, times)
            known = version_of(contestant)
        return [
            replace(row, contestant=contestant, workload=problem.name, seed=seed, version=known)
            for row in rows
        ]

    def _ours(self, problem: Problem, data: Path, seed: int, times: Sequence[float]) -> list[Row]:
        words = ("--workers", self.workers, *self.options)
        if times:
            goals = [_after(seconds) for seconds in times]
            rows = [contest_own.hand_over(problem, data, seed, seconds, words) for seconds in times]
        else:
            goals = list(TARGETS)
            words = ("--budget", self.budget, "--exhaust", *words)
            targets = targets_of(problem, seed)
            rows = contest_own.to_targets(problem, data, seed, targets, self.cap_seconds, words)
        return [
            replace(row, goal=goal, **self.options_of(OURS)) for goal, row in zip(goals, rows, strict=True)
        ]

    def options_of(self, contestant: str) -> dict[str, str]:
        """Return what a row says of how its contestant was asked: others than ours have no options."""
        if contestant != OURS:
            return {"workers": "1", "options": ""}
        budget = () if self.budget == BUDGET else ("--budget", self.budget)
        return {"workers": self.workers, "options": " ".join((*budget, *self.options))}

    def measured(self) -> list[Row]:
        """Return the rows of the folder that were measured as this start asks."""
        rows = read_rows(self.folder)
        return [
            row
            for row in rows
            if {"workers": row.workers, "options": row.options} == self.options_of(row.contestant)
        ]

    def _theirs(
        self, problem: Problem, data: Path, seed: int, contestant: str, times: Sequence[float]
    ) -> list[Row]:
        targets = targets_of(problem, seed)
        cap = max(times, default=self.cap_seconds)
        words = ["--seed", str(seed), "--cap", str(cap)]
        words += [] if times else ["--target", str(targets[-1])]
        progress = _progress(contestant, problem, data, words, CLOCK * cap + 60)
        rows = []
        for seconds in times:
            in_time = [line for line in progress if line["wall"] <= seconds]
            rows.append(replace(_row(in_time[-1:], reached=True), goal=_after(seconds)))
        for goal, target in () if times else zip(TARGETS, targets, strict=True):
            first = next(
                (i for i, line in enumerate(progress) if problem.reaches(line["best"], target)), None
            )
            until = progress[-1:] if first is None else progress[first : first + 1]
            rows.append(replace(_row(until, reached=first is not None), goal=goal))
        return rows


def _after(seconds: float) -> str:
    """Return what a row calls handing over after so many seconds."""
    return f"{seconds:g} s"


def _row(last: Sequence[dict[str, Any]], *, reached: bool) -> Row:
    line: dict[str, Any] = last[0] if last else {"processor": 0.0, "wall": 0.0, "runs": 0.0, "best": None}
    return Row(
        reached=reached and bool(last),
        processor=line["processor"],
        wall=line["wall"],
        runs=line["runs"],
        best=line["best"],
        test=line.get("test"),
    )


def _progress(
    contestant: str, problem: Problem, data: Path, words: list[str], limit_seconds: float
) -> list[dict[str, Any]]:
    """Run a contestant and return its lines.

    Raises:
        Failed: it ended with an error, or went on for longer than the limit.
    """
    command = [interpreter(contestant), "-m", "benchmarks.contestants", contestant, problem.name, str(data)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [*command, *words],
                capture_output=True,
                text=True,
                check=False,
                timeout=limit_seconds,
                cwd=folder,
                env=_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"it took more than {limit_seconds:g} s") from error
    if done.returncode:
        raise Failed(done.stderr.strip()[-800:])
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _environment() -> dict[str, str]:
    """Return the environment of a contestant: one thread, and our modules on its path."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def run(
    contest: Contest,
    problems: Sequence[Problem],
    seeds: Sequence[int],
    contestants: Sequence[str],
    times: Sequence[float] = (),
    jobs: int = 1,
) -> list[Row]:
    """Measure what was not measured yet; return the rows of all.

    Args:
        contest: how it is measured, and where to.
        problems: the workloads.
        seeds: each a split of its own.
        contestants: who takes turns.
        times: seconds after which they hand over, instead of the targets.
        jobs: processes at a time.
    """
    cells = [(problem, seed, name) for seed in seeds for problem in problems for name in contestants]
    goals = [_after(seconds) for seconds in times] or TARGETS

    measured = {(row.workload, row.seed, row.contestant, row.goal) for row in contest.measured()}

    def missing(problem: Problem, seed: int, contestant: str) -> list[str]:
        return [goal for goal in goals if (problem.name, seed, contestant, goal) not in measured]

    def measure(cell: tuple[Problem, int, str]) -> None:
        try:
            rows = contest.rows(*cell, [seconds for seconds in times if _after(seconds) in absent[cell]])
        except Failed as error:
            print(f"{cell[0].name} seed {cell[1]} {cell[2]} failed: {error}", flush=True)
            return
        append(contest.folder, rows)
        for row in rows:
            print(_line(row), flush=True)

    absent = {cell: goals_left for cell in cells if (goals_left := missing(*cell))}
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(measure, absent))
    return [
        row
        for row in contest.measured()
        if row.goal in goals and (BY_NAME[row.workload], row.seed, row.contestant) in cells
    ]


def _line(row: Row) -> str:
    """Return what is told of a cell while others are still to come."""
    where = f"{row.workload:<15} seed {row.seed} {row.contestant:<12} {row.goal:<11}"
    if row.goal not in TARGETS:
        return f"{where} " + ("nothing" if row.test is None else f"test {row.test:.4f}")
    how = "" if row.reached else " missed"
    best = "none" if row.best is None else f"{row.best:.4f}"
    spent = f"{row.figure('processor'):6.1f} processor s, {row.wall:6.1f} s, {row.figure('runs'):5.1f} runs"
    return f"{where} {spent}, best {best}{how}"
