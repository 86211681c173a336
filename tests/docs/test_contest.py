"""The contest is fair in what it can be: the same rows for all, figures that are what they say they are."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import contest_others, contest_tables
from benchmarks.contest_others import is_there
from benchmarks.contest_rows import FILE, HARD, Row, append, read_rows
from benchmarks.contest_space import SPACE, at_random, chance_of, in_use
from benchmarks.contest_training import Data, Run
from benchmarks.contest_turns import Contest, _line, run
from benchmarks.contest_watch import Over, Watch
from benchmarks.contest_workloads import BY_NAME, PARTS, PROBLEMS, TARGETS, targets_of, write_data
from benchmarks.contestants import IN_MEMORY
from benchmarks.process_tree import processor_seconds
from studies.data.opening import open_dataset

ALONE = 0.4
SECONDS = st.floats(0.01, 1e4)
ROWS = st.builds(
    Row,
    contestant=st.sampled_from(["ours", "random", "tpe+median"]),
    workload=st.sampled_from([*BY_NAME]),
    seed=st.integers(0, 4),
    goal=st.sampled_from([HARD, "20 s"]),
    reached=st.booleans(),
    processor=SECONDS | st.none(),
    wall=SECONDS,
    test=st.floats(0, 1) | st.none(),
)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_our_command_reads_the_rows_that_the_others_train_on(problem, tmp_path):
    path = write_data(problem, 0, tmp_path)
    dataset, data = open_dataset(str(path)), Data.read(problem, path)

    for part in PARTS:
        rows, (inputs, targets) = getattr(dataset, part), data.parts[part]
        assert rows.rows == len(targets)
        assert np.allclose(in_order(rows.inputs), in_order(inputs), atol=1e-3)
        if problem.task == "classification":
            assert (np.bincount(rows.targets.squeeze()) == np.bincount(targets)).all()


def in_order(inputs):
    """Return the sum of each row, sorted: our command shuffles the rows of a part."""
    return np.sort(np.asarray(inputs, dtype=float).reshape(len(inputs), -1).sum(axis=1))


@settings(max_examples=50, deadline=None)
@given(st.integers())
def test_random_settings_lie_in_their_ranges_and_all_of_them_are_of_use(seed):
    values = at_random(chance_of(seed))

    for axis in SPACE:
        if axis.name in values:
            assert values[axis.name] in axis.options or axis.low <= values[axis.name] <= axis.high
    everything = {axis.name: axis.default for axis in SPACE} | values
    assert in_use(everything) == values


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(ROWS, max_size=8))
def test_rows_come_back_from_their_file(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    append(folder, rows[:3])
    append(folder, rows[3:])

    for row, again in zip(rows, read_rows(folder), strict=True):
        assert (again.contestant, again.workload, again.goal) == (row.contestant, row.workload, row.goal)
        assert again.seed == row.seed
        assert again.reached == row.reached
        assert again.wall == pytest.approx(row.wall, rel=1e-4)
        assert (again.processor is None) == (row.processor is None)


def test_a_start_goes_on_with_rows_that_were_measured_as_it_asks(tmp_path):
    plain = Row(contestant="ours", workload="arm", goal=HARD)
    append(tmp_path, [plain, replace(plain, workers="2"), replace(plain, contestant="random")])
    append(tmp_path, [replace(plain, options="--fair strict"), replace(plain, options="--budget 9trials")])

    def workers_and_options(**fields):
        rows = Contest(cap_seconds=1.0, folder=tmp_path, **fields).measured()
        return [(row.workers, row.options) for row in rows if row.contestant == "ours"]

    assert workers_and_options() == [("1", "")]
    assert workers_and_options(workers="2") == [("2", "")]
    assert workers_and_options(options=("--fair", "strict")) == [("1", "--fair strict")]
    assert workers_and_options(budget="9trials") == [("1", "--budget 9trials")]
    assert workers_and_options(workers="3") == []


def test_rows_of_a_file_without_options_stay(tmp_path):
    append(tmp_path, [Row(contestant="ours", workload="arm", goal=HARD, date="2026-01-01")])
    lines = (tmp_path / FILE).read_text().splitlines()
    place = lines[0].split(",").index("options")
    earlier = [",".join(part for i, part in enumerate(line.split(",")) if i != place) for line in lines]
    (tmp_path / FILE).write_text("\n".join(earlier) + "\n")

    append(tmp_path, [Row(contestant="ours", workload="yeast", goal=HARD, options="--fair strict")])
    first, second = read_rows(tmp_path)
    assert (first.workload, first.options, first.date) == ("arm", "", "2026-01-01")
    assert (second.workload, second.options) == ("yeast", "--fair strict")


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(ROWS, max_size=20))
def test_tables_are_made_of_any_rows(rows):
    assert all(isinstance(line, str) for line in (*contest_tables.lines(rows), *map(_line, rows)))


@settings(max_examples=50, deadline=None)
@given(
    times=st.dictionaries(st.sampled_from([*BY_NAME]), st.lists(SECONDS, min_size=1, max_size=5), min_size=1)
)
def test_the_interval_holds_the_mean_of_what_it_is_drawn_from_unless_few_are_drawn(times):
    mean = contest_tables.mean_of(times)
    low, high = contest_tables.interval(times, draws=200)
    everything = [value for values in times.values() for value in values]

    assert min(everything) <= mean * 1.0001
    assert mean <= max(everything) * 1.0001
    assert low <= high
    if len(everything) == 1:
        assert math.isclose(low, mean)


def test_a_contestant_that_takes_twice_our_time_everywhere_takes_two_times_ours():
    ours = [
        Row(
            contestant="ours",
            workload=name,
            seed=seed,
            goal=HARD,
            reached=True,
            processor=seconds,
            wall=seconds,
        )
        for name in BY_NAME
        for seed, seconds in enumerate((3.0, 7.0))
    ]
    theirs = [
        replace(row, contestant="random", processor=2 * row.processor, wall=2 * row.wall) for row in ours
    ]
    quotients = contest_tables.quotients_of([*ours, *theirs], "random", "processor")

    assert contest_tables.mean_of(quotients) == pytest.approx(2)
    assert contest_tables.interval(quotients) == pytest.approx((2, 2))


def test_the_second_target_of_a_workload_is_no_easier_than_the_first():
    lines = TARGETS.read_text().splitlines()[1:]
    for problem in PROBLEMS:
        seeds = [int(line.split(",")[1]) for line in lines if line.startswith(f"{problem.name},")]
        for seed in seeds:
            easy, hard = targets_of(problem, seed)
            assert problem.reaches(hard, easy)
        assert len(seeds) == len(set(seeds)) >= 2


def test_a_seed_without_targets_is_told_of_and_the_others_go_on(tmp_path, capsys):
    contest = Contest(cap_seconds=0.1, folder=tmp_path)

    assert run(contest, [BY_NAME["yeast"]], [1601], ["random"]) == []
    assert "no targets of yeast with seed 1601" in capsys.readouterr().out


def test_a_contest_is_over_once_a_run_reaches_the_target(tmp_path, capsys):
    problem = replace(BY_NAME["yeast"], epochs=2)
    run = Run(at_random(chance_of(1)), Data.read(problem, write_data(problem, 0, tmp_path)), seed=0)
    run.train_epoch()
    watch = Watch(problem=problem, target=0.0, cap_seconds=1e6)

    with pytest.raises(Over):
        watch.note(run, 1)
    assert '"runs": 0.5' in capsys.readouterr().out


def test_a_package_whose_environment_is_missing_is_not_there_and_what_needs_none_is(tmp_path, monkeypatch):
    monkeypatch.setenv("CONTEST_ENVIRONMENTS", str(tmp_path))

    assert not any(is_there(name) for name in contest_others.CONTESTANTS)
    assert all(is_there(name) for name in ("ours", *IN_MEMORY))


def test_processor_seconds_of_a_tree_hold_those_of_processes_that_have_ended_in_it():
    work = f"import time\nwhile time.process_time() < {ALONE}: pass"
    child = f"subprocess.run([sys.executable, '-c', {work!r}])"
    code = f"import subprocess, sys, time; {child}; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        spent = processor_seconds(process.pid)
        process.kill()

    assert spent >= ALONE - 2 / os.sysconf("SC_CLK_TCK")
