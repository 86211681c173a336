"""Targets of the contest: the best of 16 and of 64 random whole runs of each workload, recorded once.

    python -m benchmarks.contest_targets [--workloads a,b] [--seeds 0,1,2,3,4]

Goes on where it stopped, and writes `contest_targets.csv` beside this file.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.contest_space import at_random, chance_of
from benchmarks.contest_workloads import BY_NAME, PROBLEMS, TARGETS, Problem, write_data

RUNS: Final = 64
EASY_RUNS: Final = 16
SEEDS: Final = (0, 1, 2, 3, 4)
COLUMNS: Final = ("workload", "seed", "best of 16", "best of 64", "median", "processor seconds a run")


def record(problem: Problem, seed: int, runs: int = RUNS) -> list[object]:
    """Train random recipes whole and return the line of the table."""
    from benchmarks.contest_training import Data, Run

    with tempfile.TemporaryDirectory() as folder:
        data = Data.read(problem, write_data(problem, seed, Path(folder)))
    chance = chance_of("targets", problem.name, seed)
    start = time.process_time()
    qualities = []
    for number in range(runs):
        run = Run(at_random(chance), data, seed=10_000 + number)
        while not run.over:
            run.train_epoch()
        qualities.append(run.best)
    seconds = (time.process_time() - start) / runs
    best = max if problem.sign > 0 else min
    figures = (best(qualities[:EASY_RUNS]), best(qualities), median(qualities))
    return [problem.name, seed, *(f"{figure:.6g}" for figure in figures), f"{seconds:.2f}"]


def main() -> None:
    """Record what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", default=",".join(BY_NAME))
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    arguments = parser.parse_args()
    if not TARGETS.exists():
        TARGETS.write_text(",".join(COLUMNS) + "\n")
    for seed in map(int, arguments.seeds.split(",")):
        for problem in PROBLEMS:
            with TARGETS.open(newline="") as file:
                recorded = {(row["workload"], int(row["seed"])) for row in csv.DictReader(file)}
            if problem.name in arguments.workloads.split(",") and (problem.name, seed) not in recorded:
                line = record(problem, seed)
                print(*line)
                with TARGETS.open("a", newline="") as file:
                    csv.writer(file, lineterminator="\n").writerow(line)


def smoke() -> None:
    """Smallest form: two runs."""
    print(*record(BY_NAME["yeast"], 0, runs=2))


if __name__ == "__main__":
    main()
