"""Curves that others recorded, as studies to replay: unseen tasks, read where they lie and kept nowhere else.

DeepOBS, Schneider et al. 2019 (arXiv 1903.05499): three optimizers at 36 learning rates, nine more seeds at
the best of them. AlgoPerf, Dahl et al. 2023 (arXiv 2306.07179): eleven submissions at five settings, five
studies; the loss is the share of the time budget that it took to reach the target, 1.5 where it was not
reached. The search sees one study, the truth is in the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.recorded_studies import FIRST, Run, Runs, Study
from benchmarks.recorded_tasks import TRUTH_SEEDS
from studies.direction import Direction
from studies.facts import Facts

MISSED: Final = 1.5
NAMES: Final = {"GradientDescent": "SGD"}


def external(folder: Path) -> Iterator[Study]:
    """Yield a study for each problem of both collections that is in the folder."""
    import pandas as pd

    for file, tasks in (("deepobs_runs.parquet", _deepobs), ("algoperf_trials.parquet", _algoperf)):
        if (folder / file).exists():
            yield from tasks(pd.read_parquet(folder / file))


def _deepobs(frame: Any) -> Iterator[Study]:
    for problem, rows in frame.groupby("problem"):
        scored = rows["final_test_acc"].notna().any()
        runs: Runs = {}
        for (optimizer, _), group in rows.groupby(["optimizer", "lr"]):
            # the search's seed is 42
            ordered = group.assign(first=group["seed"] != 42).sort_values(["first", "seed"])
            seeds = {
                _place(seed): _run(
                    row["final_test_acc" if scored else "final_test_loss"], row["final_test_loss"]
                )
                for seed, (_, row) in enumerate(ordered.iterrows())
            }
            recipes = runs.setdefault(NAMES.get(optimizer, optimizer), {})
            recipes[len(recipes)] = seeds
        facts = (
            Facts(kind="image", convolution_share=0.9, classes=10)
            if scored
            else Facts(task="regression", classes=0)
        )
        yield Study(
            name=f"deepobs {problem}",
            group="external",
            metric="accuracy" if scored else "loss",
            direction=Direction.MAXIMIZE if scored else Direction.MINIMIZE,
            valid_rows=10_000,
            test_rows=10_000,
            facts=facts,
            runs=runs,
        )


def _algoperf(frame: Any) -> Iterator[Study]:
    for workload, rows in frame.groupby("workload"):
        runs: Runs = {}
        for (submission, setting, seed), group in rows.groupby(["submission", "hp_id", "study"]):
            row = group.iloc[0]
            share = row["hit_time"] / row["max_runtime_s"] if row["hit_in_budget"] else MISSED
            recipes = runs.setdefault(submission, {})
            number = int(str(seed).removeprefix("study_"))
            recipes.setdefault(int(setting), {})[_place(number)] = _run(share, share)
        whole = {
            name: recipes
            for name, recipes in runs.items()
            if all(FIRST in seeds for seeds in recipes.values())
        }
        yield Study(
            name=f"algoperf {workload}",
            group="external",
            metric="time to target",
            direction=Direction.MINIMIZE,
            valid_rows=10_000,
            test_rows=10_000,
            facts=Facts(rows=100_000, parameters=10_000_000),
            runs=whole,
        )


def _place(seed: int) -> tuple[int, int]:
    """Return what a seed is counted as: the first is the search's, all others are for the truth."""
    return (TRUTH_SEEDS[0] - 1 + seed, 0) if seed else FIRST


def _run(value: float, loss: float) -> Run:
    known = float(value) if math.isfinite(value) else None
    return Run(
        valid=known, valid_loss=float(loss) if math.isfinite(loss) else math.inf, test=known, seconds=1.0
    )
