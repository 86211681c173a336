"""Splits by a column: across time, by groups, as a column says; what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import advisor
from studies.data.opening import from_arrays, open_dataset
from studies.data.split_ways import split_groups, split_times
from studies.split_by import SplitBy
from studies.storage.workload_spec import WorkloadSpec
from studies.workload_opening import open_source, reopen_workload, workload_from_code

from tables import DAYS, ROWS, column, refusal, table, written

LISTS = st.lists(st.integers(0, 30), min_size=20, max_size=200)
SEEDS = st.integers(0, 2**20)


def parts_of(split):
    return [np.asarray(rows) for rows in (split.train, split.valid, split.test)]


@settings(deadline=None)
@given(LISTS.filter(lambda times: len(set(times)) >= 3), SEEDS)
def test_what_trains_is_before_what_validates_and_that_before_what_tests(times, seed):
    values = np.array(times, float)
    train, valid, test = parts_of(split_times(values, seed=seed, column="day"))

    assert values[train].max() < values[valid].min()
    assert values[valid].max() < values[test].min()
    assert sorted(np.concatenate([train, valid, test])) == list(range(len(times)))


@settings(deadline=None)
@given(LISTS.filter(lambda groups: len(set(groups)) >= 3), SEEDS, st.data())
def test_a_group_is_in_one_part_and_no_part_is_empty(groups, seed, data):
    keys = np.array(groups)
    codes = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(keys), max_size=len(keys))))
    parts = parts_of(split_groups(keys, codes, seed=seed, column="who"))

    assert all(len(part) for part in parts)
    assert sum(len(set(keys[part])) for part in parts) == len(set(groups))
    assert sorted(np.concatenate(parts)) == list(range(len(groups)))


@settings(deadline=None)
@given(SEEDS)
def test_many_small_groups_are_split_60_20_20_in_each_class(seed):
    generator = np.random.default_rng(seed)
    keys, codes = generator.integers(0, 200, 1000), generator.integers(0, 3, 1000)
    parts = parts_of(split_groups(keys, codes, seed=seed, column="who"))

    for part, share in zip(parts, (0.6, 0.2, 0.2), strict=True):
        assert np.abs(np.bincount(codes[part], minlength=3) / np.bincount(codes) - share).max() < 0.05


def test_another_seed_draws_other_groups():
    keys = np.repeat(np.arange(30), 5)
    one_class = np.zeros(len(keys), np.int64)
    drawn = [set(keys[split_groups(keys, one_class, seed=seed, column="who").test]) for seed in (0, 1, 2)]
    assert len(set(map(frozenset, drawn))) > 1


def test_a_table_is_split_by_its_dates_which_stay_an_input(tmp_path):
    path = written(tmp_path / "t.csv", table(day=DAYS[::-1].strftime("%d.%m.%Y")))
    dataset = open_dataset(path, target="kind", split_by=SplitBy(time="day"))

    days = column(dataset, "day.days")
    ends = np.cumsum([dataset.train.rows, dataset.valid.rows])
    train, valid, test = np.split(days, ends)
    assert train.max() < valid.min()
    assert valid.max() < test.min()
    assert dataset.redraw is None


def test_a_group_column_is_no_input_and_its_rows_stay_together(tmp_path):
    who = np.arange(ROWS) // 5
    path = written(tmp_path / "t.csv", table(who=[f"P{number}" for number in who], copy=who))
    dataset = open_dataset(path, target="kind", split_by=SplitBy(group="who"))

    copies = [set(np.round(part.inputs[:, dataset.feature_names.index("copy")], 4)) for part in
              (dataset.train, dataset.valid, dataset.test)]  # fmt: skip
    assert not any(name.startswith("who") for name in dataset.feature_names)
    assert sum(map(len, copies)) == len(set.union(*copies)) == ROWS // 5


def test_a_row_without_a_group_is_a_group_of_its_own(tmp_path):
    who = [None if number % 2 else f"P{number // 10}" for number in range(ROWS)]
    path = written(tmp_path / "t.csv", table(who=who))
    assert open_dataset(path, target="kind", split_by=SplitBy(group="who")).train.rows == 60


def test_a_column_says_what_trains_validates_and_tests(tmp_path):
    words = np.array(["Train"] * 50 + ["dev"] * 20 + [" TEST"] * 30)
    path = written(tmp_path / "t.csv", table(part=words))
    dataset = open_dataset(path, target="kind", split_by=SplitBy(split="part"))

    assert (dataset.train.rows, dataset.valid.rows, dataset.test.rows) == (50, 20, 30)
    assert dataset.feature_names == ("size",)
    assert dataset.redraw is None


def test_a_part_that_the_column_does_not_name_is_drawn_from_training(tmp_path):
    path = written(tmp_path / "t.csv", table(part=["train"] * 60 + ["test"] * 40))
    dataset = open_dataset(path, target="kind", split_by=SplitBy(split="part"))
    assert (dataset.train.rows, dataset.valid.rows, dataset.test.rows) == (48, 12, 40)


def test_frames_in_memory_are_split_by_a_column_too():
    frame = table(who=np.arange(ROWS) // 4)
    data = (frame[["size", "who"]], frame["kind"])
    dataset = from_arrays(data, split_by=SplitBy(group="who"))

    assert dataset.feature_names == ("size",)
    assert "comes in parts" in refusal(from_arrays, data, data, split_by=SplitBy(group="who"))
    workload = advisor.Workload(train=data)
    again = workload_from_code(workload, source="s", model="linear", split_by=SplitBy(group="who"))
    assert again.spec().group == "who"


@pytest.mark.parametrize("way", ["time", "group", "split"])
def test_a_study_opens_the_same_split_again(tmp_path, way):
    frame = table(time=DAYS.strftime("%Y-%m-%d"), group=np.arange(ROWS) // 3,
                  split=["train", "valid", "test", "train"] * 25)  # fmt: skip
    path = written(tmp_path / "t.csv", frame)
    workload = open_source(path, target="kind", model="linear", split_by=SplitBy(**{way: way}))

    spec = WorkloadSpec.from_dict(workload.spec().to_dict())
    assert spec.split_by == SplitBy(**{way: way})
    assert reopen_workload(spec).dataset.digest == workload.dataset.digest
    assert not workload.resplittable


def test_a_random_split_may_be_drawn_again():
    assert open_source("iris", model="linear").resplittable


@pytest.mark.parametrize(
    ("by", "columns", "said"),
    [
        (SplitBy(time="dya"), {"day": DAYS}, "no column 'dya' to split by; did you mean 'day'?"),
        (SplitBy(time="kind"), {}, "no column 'kind' to split by"),
        (SplitBy(time="who"), {"who": ["Ann", "Ben"] * 50}, "--time needs dates or numbers"),
        (SplitBy(time="day"), {"day": [None, *DAYS[1:]]}, "column 'day' has no time in 1 row"),
        (SplitBy(time="day"), {"day": [1, 2] * 50}, "holds 2 different times; three parts need three"),
        (SplitBy(group="who"), {"who": [1, 2] * 50}, "has 2 groups; three parts need three"),
        (SplitBy(split="part"), {"part": ["train", "tets"] * 50}, "says 'tets' in data row 2"),
        (SplitBy(split="part"), {"part": ["test", "valid"] * 50}, "no row trains"),
    ],
)
def test_what_cannot_be_split_by_is_said_in_one_line(tmp_path, by, columns, said):
    path = written(tmp_path / "t.csv", table(**columns))
    assert said in refusal(open_dataset, path, target="kind", split_by=by)


def test_data_without_named_columns_has_none_to_split_by():
    images = (np.zeros((40, 1, 8, 8)), np.arange(40) % 2)
    assert "image data has no named columns" in refusal(from_arrays, images, split_by=SplitBy(time="day"))


def test_the_only_column_cannot_be_spent_on_the_split(tmp_path):
    path = written(tmp_path / "t.csv", pd.DataFrame({"who": np.arange(90) // 3, "y": [0.5, 1.5, 2.5] * 30}))
    said = refusal(open_dataset, path, target="y", split_by=SplitBy(group="who"))
    assert "'who' is the only column but the target" in said


def test_a_training_function_splits_its_rows_itself():
    said = refusal(advisor.search, lambda recipe, report, seed: None, metric="accuracy", group="who")
    assert "leave --group who out" in said
