"""Contest: our search against others, seconds until a trial is as good as the best of random whole runs.

    python -m benchmarks.contest [--workloads digits,yeast] [--seeds 2] [--contestants ours,tpe+median]
        [--cap 40] [--jobs 1] [--to FOLDER] [--show] [--hand-over 20 60 180] [--workers 1]
        [--budget 150trials] [--options "..."]

All train the same model on the same rows, over the same settings. Each is a process of its own with one
thread, and takes its turn; its time counts from the start of the process, imports included. The targets are
the best validation metric of 16 and of 64 random whole runs, recorded in `contest_targets.csv`. Ours is the
command `advisor search`, all of its processes counted; the others are in `benchmarks.contestants`. A trial
counts when it has ended, whole or stopped early. With --to, what is measured is added to a file in that
folder, and a later start goes on with it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks import contest_own
from benchmarks.contest_others import interpreter, is_there, version_of
from benchmarks.contest_rows import OURS, TARGETS, Row, append, read_rows
from benchmarks.contest_tables import lines
from benchmarks.contest_workloads import BY_NAME, PROBLEMS, Problem, targets_of, write_data
from benchmarks.contestants import CONTESTANTS

SEEDS: Final = 5
CAP_SECONDS: Final = 60.0
"""Processor seconds after which a contestant has missed the target."""
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

    def rows(self, problem: Problem, seed: int, contestant: str, seconds: float | None) -> list[Row]:
        """Return the rows of a contestant on a workload; of what it hands over if seconds are named."""
        data = write_data(problem, seed, self.folder / "data")
        if contestant == OURS:
            rows = self._ours(problem, data, seed, seconds)
            known = version("optimizer-advisor")
        else:
            rows = self._theirs(problem, data, seed, contestant, seconds)
            known = version_of(contestant)
        return [
            replace(row, contestant=contestant, workload=problem.name, seed=seed, version=known)
            for row in rows
        ]

    def _ours(self, problem: Problem, data: Path, seed: int, seconds: float | None) -> list[Row]:
        words = ("--workers", self.workers, *self.options)
        if seconds is not None:
            row = contest_own.hand_over(problem, data, seed, seconds, words)
            return [replace(row, goal=f"{seconds:g} s", workers=self.workers)]
        budget = "--budget", self.budget, "--exhaust"
        targets = targets_of(problem, seed)
        rows = contest_own.to_targets(problem, data, seed, targets, self.cap_seconds, (*budget, *words))
        return [
            replace(row, goal=goal, workers=self.workers) for goal, row in zip(TARGETS, rows, strict=True)
        ]

    def _theirs(
        self, problem: Problem, data: Path, seed: int, contestant: str, seconds: float | None
    ) -> list[Row]:
        targets = targets_of(problem, seed)
        cap = self.cap_seconds if seconds is None else seconds
        words = ["--seed", str(seed), "--cap", str(cap)]
        words += ["--target", str(targets[-1])] if seconds is None else []
        progress = _progress(contestant, problem, data, words, CLOCK * cap + 60)
        if seconds is not None:
            in_time = [line for line in progress if line["wall"] <= seconds]
            return [replace(_row(in_time[-1:], reached=True), goal=f"{seconds:g} s")]
        rows = []
        for goal, target in zip(TARGETS, targets, strict=True):
            first = next(
                (i for i, line in enumerate(progress) if problem.reaches(line["best"], target)), None
            )
            until = progress[-1:] if first is None else progress[first : first + 1]
            rows.append(replace(_row(until, reached=first is not None), goal=goal))
        return rows


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
    """Run a contestant and return its lines."""
    command = [interpreter(contestant), "-m", "benchmarks.contestants", contestant, problem.name, str(data)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=limit_seconds,
            cwd=folder,
            env=_environment(),
        )
    if done.returncode:
        raise SystemExit(f"{contestant} on {problem.name} failed: {done.stderr.strip()[-800:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _environment() -> dict[str, str]:
    """Return the environment of a contestant: one thread, and our modules on its path."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def run(
    contest: Contest,
    problems: Sequence[Problem],
    seeds: Sequence[int],
    contestants: Sequence[str],
    times: Sequence[float | None] = (None,),
    jobs: int = 1,
) -> list[Row]:
    """Measure what was not measured yet; return the rows of all."""
    measured = {row.cell for row in read_rows(contest.folder)}
    cells = [
        (problem, seed, contestant, seconds)
        for seconds in times
        for seed in seeds
        for problem in problems
        for contestant in contestants
    ]
    missing = [cell for cell in cells if _key(*cell) not in measured]

    def measure(cell: tuple[Problem, int, str, float | None]) -> None:
        rows = contest.rows(*cell)
        append(contest.folder, rows)
        for row in rows:
            print(_line(row), flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(measure, missing))
    keys = {_key(*cell) for cell in cells}
    return [row for row in read_rows(contest.folder) if row.cell in keys]


def _key(problem: Problem, seed: int, contestant: str, seconds: float | None) -> tuple[str, int, str, str]:
    return problem.name, seed, contestant, "to targets" if seconds is None else f"{seconds:g} s"


def _line(row: Row) -> str:
    """Return what is told of a cell while others are still to come."""
    where = f"{row.workload:<15} seed {row.seed} {row.contestant:<12} {row.goal:<11}"
    if row.test is not None:
        return f"{where} test {row.test:.4f}"
    how = "" if row.reached else " missed"
    best = "none" if row.best is None else f"{row.best:.4f}"
    return (
        f"{where} {row.processor:6.1f} processor s, {row.wall:6.1f} s, {row.runs:5.1f} runs, best {best}{how}"
    )


def smoke() -> None:
    """Smallest form: two contestants on a table, a second each."""
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(cap_seconds=1.0, folder=Path(folder))
        rows = run(contest, [BY_NAME["arm"]], [0], ["ours", "random"])
    print("\n".join(lines(rows)))


def main() -> None:
    """Measure what is missing and print the tables."""
    arguments = _arguments()
    os.environ["OMP_NUM_THREADS"] = "1"
    problems = [_named(BY_NAME, name, "workload") for name in arguments.workloads.split(",")]
    names = arguments.contestants.split(",")
    everyone = {OURS: OURS} | {name: name for name in CONTESTANTS}
    contestants = [_named(everyone, name, "contestant") for name in names]
    absent = [name for name in contestants if not is_there(name)]
    for name in absent:
        print(f"{name} is not there; benchmarks/contest_environments.sh makes its environment")
    with tempfile.TemporaryDirectory() as fallback:
        folder = Path(arguments.to or fallback).resolve()
        if arguments.show:
            rows = [row for row in read_rows(folder) if row.contestant in contestants]
        else:
            contest = Contest(
                cap_seconds=arguments.cap,
                folder=folder,
                workers=arguments.workers,
                budget=arguments.budget,
                options=tuple(arguments.options.split()),
            )
            times: Sequence[float | None] = arguments.hand_over or (None,)
            there = [name for name in contestants if name not in absent]
            rows = run(contest, problems, range(arguments.seeds), there, times, arguments.jobs)
    print(_about(rows))
    print("\n".join(lines(rows)))


def _about(rows: Sequence[Row]) -> str:
    versions = sorted({f"{row.contestant} {row.version}" for row in rows if row.version})
    seeds = sorted({row.seed for row in rows})
    system = f"Python {platform.python_version()}, torch {version('torch')}, {os.cpu_count()} cores"
    return f"{system}; seeds {', '.join(map(str, seeds))}; {', '.join(versions)}"


def _named(known: dict[str, Any], name: str, what: str) -> Any:
    if name not in known:
        raise SystemExit(f"{what} '{name}' is not one of {', '.join(known)}")
    return known[name]


def _arguments() -> argparse.Namespace:
    everyone = (OURS, *CONTESTANTS)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workloads", default=",".join(problem.name for problem in PROBLEMS))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, from 0 on")
    parser.add_argument("--contestants", default=",".join(everyone))
    parser.add_argument("--cap", type=float, default=CAP_SECONDS, help="processor seconds")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--to", help="folder whose contest.csv is added to; by default a temporary one")
    parser.add_argument("--show", action="store_true", help="only print the tables of --to")
    parser.add_argument("--hand-over", type=float, nargs="+", help="seconds, instead of the targets")
    parser.add_argument("--workers", default="1", help="of our search")
    parser.add_argument("--budget", default=BUDGET, help="of our search")
    parser.add_argument("--options", default="", help="further options of our search, in quotes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
