"""Contest: our search against others, seconds until a trial is as good as the best of random whole runs.

    python -m benchmarks.contest [--workloads digits,yeast] [--seeds 2] [--first-seed 0]
        [--contestants ours,tpe+median] [--cap 40] [--jobs 1] [--to FOLDER] [--show]
        [--hand-over 20 60 180] [--workers 1] [--budget 150trials] [--options "..."]

All train the same model on the same rows, over the same settings. Each is a process of its own with one
thread, and takes its turn; its time counts from the start of the process, imports included. The targets are
the best validation metric of 16 and of 64 random whole runs, recorded in `contest_targets.csv`. Ours is the
command `advisor search`, all of its processes counted; the others are in `benchmarks.contestants`. A trial
counts when it has ended, whole or stopped early. With --to, what is measured is added to a file in that
folder, and a later start goes on with it: with the rows of ours that had the same --workers, --budget and
--options, which --show prints as well.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.contest_others import is_there
from benchmarks.contest_rows import OURS, Row
from benchmarks.contest_tables import lines
from benchmarks.contest_turns import BUDGET, Contest, run
from benchmarks.contest_workloads import BY_NAME, PROBLEMS
from benchmarks.contestants import CONTESTANTS

SEEDS: Final = 5
CAP_SECONDS: Final = 60.0
"""Processor seconds after which a contestant has missed the target."""


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
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    with tempfile.TemporaryDirectory() as fallback:
        folder = Path(arguments.to or fallback).resolve()
        contest = Contest(
            cap_seconds=arguments.cap,
            folder=folder,
            workers=arguments.workers,
            budget=arguments.budget,
            options=tuple(arguments.options.split()),
        )
        if arguments.show:
            rows = [row for row in contest.measured() if row.contestant in contestants]
        else:
            there = [name for name in contestants if name not in absent]
            rows = run(contest, problems, seeds, there, arguments.hand_over, arguments.jobs)
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
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--contestants", default=",".join(everyone))
    parser.add_argument("--cap", type=float, default=CAP_SECONDS, help="processor seconds")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--to", help="folder whose contest.csv is added to; by default a temporary one")
    parser.add_argument("--show", action="store_true", help="only print the tables of --to")
    parser.add_argument(
        "--hand-over", type=float, nargs="+", default=(), help="seconds, instead of the targets"
    )
    parser.add_argument("--workers", default="1", help="of our search")
    parser.add_argument("--budget", default=BUDGET, help="of our search")
    parser.add_argument("--options", default="", help="further options of our search, in quotes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
