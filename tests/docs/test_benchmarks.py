"""Benchmarks import and start: the smallest form of each runs here, in seconds; the whole runs by hand."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

import pandas as pd
import pytest

import benchmarks
from benchmarks.external import external
from benchmarks.recorded_studies import FIRST
from benchmarks.recorded_tasks import CONFIRM_SEEDS, TRUTH_SEEDS, UNSEEN, open_workload

FILES: Final = sorted(path.stem for path in Path(benchmarks.__file__).parent.glob("[!_]*.py"))
PARTS: Final = (
    "contest_models",
    "contest_others",
    "contest_own",
    "contest_rows",
    "contest_space",
    "contest_tables",
    "contest_training",
    "contest_turns",
    "contest_watch",
    "contest_workloads",
    "contestants",
    "external",
    "fault_commands",
    "fault_files",
    "fault_kills",
    "fault_list",
    "fault_trials",
    "hand",
    "made_up",
    "portfolio_pool",
    "process_tree",
    "recorded_studies",
    "recorded_tables",
    "recorded_tasks",
    "replay",
)
"""Benchmarks import these; they print nothing themselves."""
ONLY_IMPORTED: Final = {}


@pytest.mark.parametrize("name", [name for name in FILES if name in (*PARTS, *ONLY_IMPORTED)])
def test_a_benchmark_imports(name):
    assert import_module(f"benchmarks.{name}").__doc__


@pytest.mark.parametrize("name", [name for name in FILES if name not in (*PARTS, *ONLY_IMPORTED)])
def test_a_benchmark_starts_in_its_smallest_form(name, capsys):
    benchmark = import_module(f"benchmarks.{name}")
    assert callable(benchmark.smoke), f"give benchmarks/{name}.py a function smoke(), or say why not here"
    benchmark.smoke()

    assert capsys.readouterr().out


def test_what_only_imports_has_no_smallest_form():
    assert not [name for name in ONLY_IMPORTED if hasattr(import_module(f"benchmarks.{name}"), "smoke")]


def test_curves_of_others_are_read_as_studies_to_replay(tmp_path):
    curves = {"problem": "mnist", "optimizer": "GradientDescent", "lr": 0.1, "seed": [43, 42]}
    scores = {"final_test_acc": [0.8, 0.9], "final_test_loss": [0.5, 0.4]}
    pd.DataFrame(curves | scores).to_parquet(tmp_path / "deepobs_runs.parquet")
    settings = {"workload": "wmt", "submission": "adamw", "hp_id": 0, "study": ["study_0", "study_1"]}
    times = {"hit_time": [50.0, 80.0], "max_runtime_s": 100.0, "hit_in_budget": [True, False]}
    pd.DataFrame(settings | times).to_parquet(tmp_path / "algoperf_trials.parquet")
    deepobs, algoperf = external(tmp_path)

    assert [run.test for run in deepobs.runs["SGD"][0].values()] == [0.9, 0.8]
    assert list(deepobs.runs["SGD"][0]) == [FIRST, (TRUTH_SEEDS[0], 0)]
    assert [run.test for run in algoperf.runs["adamw"][0].values()] == [0.5, 1.5]


@pytest.mark.parametrize("task", UNSEEN, ids=lambda task: task.name)
def test_a_fresh_split_of_a_task_has_other_rows_of_the_same_pool_and_the_same_test_rows(task):
    own, *fresh = (open_workload(task, split).dataset for split in (0, *CONFIRM_SEEDS))

    for dataset in fresh:
        assert (dataset.train.rows, dataset.valid.rows) == (own.train.rows, own.valid.rows)
        assert (dataset.test.inputs == own.test.inputs).all()
        assert not (dataset.valid.inputs == own.valid.inputs).all()
        assert pool(dataset) == pytest.approx(pool(own))


def pool(dataset):
    """Return a sum that all rows for training and validation enter alike."""
    parts = (dataset.train, dataset.valid)
    return sum(float(part.inputs.sum(dtype=float)) + float(part.targets.sum(dtype=float)) for part in parts)
