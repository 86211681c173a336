"""The split and the task: which rows train, validate and test, and what there is to predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.data.opening import open_dataset
from studies.data.splits import split_rows
from studies.errors import BadValue

from tables import prepared, table


@given(rows=st.integers(10, 300), seed=st.integers(0, 1000))
def test_the_parts_of_one_group_are_60_20_and_20_percent(rows, seed):
    split = split_rows(np.zeros(rows, np.int64), seed=seed)

    assert abs(len(split.valid) - 0.2 * rows) <= 0.5
    assert len(split.valid) == len(split.test)
    assert sorted(np.concatenate([split.train, split.valid, split.test])) == list(range(rows))


@given(counts=st.lists(st.integers(1, 40), min_size=2, max_size=8), seed=st.integers(0, 100))
def test_every_class_trains_and_is_held_out_where_it_has_three_rows(counts, seed):
    groups = np.repeat(np.arange(len(counts)), counts)

    split = split_rows(groups, seed=seed)

    for group, count in enumerate(counts):
        train, valid, test = (
            int((groups[rows] == group).sum()) for rows in (split.train, split.valid, split.test)
        )
        assert train + valid + test == count
        assert train >= 1
        assert valid == test == (max(1, int(0.2 * count + 0.5)) if count >= 3 else 0)


def test_the_same_seed_gives_the_same_data_and_another_seed_another():
    first, again, other = (open_dataset("wine", seed=seed) for seed in (3, 3, 4))

    assert first.digest == again.digest
    assert first.digest != other.digest
    assert np.array_equal(first.test.inputs, again.test.inputs)
    assert len(first.digest) == 16
    assert int(first.digest, 16) >= 0


def test_rare_classes_only_train_and_the_user_is_told():
    dataset = prepared(table(kind=["cat"] * 60 + ["dog"] * 37 + ["emu", "emu", "fox"]))

    rare = {dataset.classes.index("emu"), dataset.classes.index("fox")}
    assert rare <= set(dataset.train.targets)
    assert not rare & (set(dataset.valid.targets) | set(dataset.test.targets))
    assert any("emu, fox" in note for note in dataset.notes)


def test_a_negative_seed_is_refused():
    with pytest.raises(BadValue, match="seed -1 must be 0 or above"):
        open_dataset("iris", seed=-1)


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        pytest.param(["b", "a"] * 50, "classification", ("a", "b"), id="text"),
        pytest.param([True, False] * 50, "classification", ("False", "True"), id="booleans"),
        pytest.param(pd.Categorical(["x", "y"] * 50), "classification", ("x", "y"), id="categories"),
        pytest.param(
            [1, 2, 10, 3] * 25,
            "classification",
            ("1", "2", "3", "10"),
            id="few whole numbers, in their own order",
        ),
        pytest.param([0.0, 1.0] * 50, "classification", ("0", "1"), id="whole numbers as floats"),
        pytest.param(list(range(50)) * 2, "regression", (), id="many whole numbers"),
        pytest.param(list(range(20)) * 5, "regression", (), id="twenty whole numbers with five rows each"),
        pytest.param([0.5, 1.0] * 50, "regression", (), id="fractions"),
    ],
)
def test_the_task_is_told_from_the_target(target, task, classes):
    dataset = prepared(table(kind=target))

    assert (dataset.task, dataset.classes) == (task, classes)


def test_the_user_is_told_how_whole_numbers_were_taken():
    assert any(
        "--task regression says otherwise" in note for note in prepared(table(kind=[1, 2, 3, 4] * 25)).notes
    )


@pytest.mark.parametrize("rows", [10, 12])
def test_two_codes_are_classes_however_few_the_rows(rows):
    assert prepared(table(kind=[0, 1] * 50).head(rows)).task == "classification"


def test_the_integers_of_iris_are_classes_and_those_of_diabetes_are_amounts():
    from sklearn.datasets import load_diabetes, load_iris

    tasks = [prepared(load(as_frame=True).frame, "target").task for load in (load_iris, load_diabetes)]

    assert tasks == ["classification", "regression"]


def test_a_given_task_overrides_what_the_target_looks_like():
    frame = table(kind=[1, 2, 3, 4] * 25)

    assert prepared(frame, task="regression").task == "regression"
    assert prepared(frame.assign(kind=[0.5, 1.5] * 50), task="classification").classes == ("0.5", "1.5")
    assert prepared(frame.assign(kind=["2020-01-01", "2020-02-01"] * 50), task="classification").outputs == 2


def test_regression_targets_are_standardised_by_the_training_rows():
    dataset = open_dataset("diabetes")

    assert dataset.train.targets.shape == (266, 1)
    assert dataset.train.targets.dtype == np.float32
    assert dataset.train.targets.mean() == pytest.approx(0, abs=1e-5)
    assert dataset.train.targets.std() == pytest.approx(1, abs=1e-5)
    assert 25 <= dataset.valid.targets.min() * dataset.target_scale + dataset.target_mean <= 346
    assert dataset.outputs == 1


def test_rows_without_a_target_are_left_out_and_the_user_is_told():
    dataset = prepared(table(kind=[None, "cat", "dog", " ", "dog"] * 20))

    assert sum(len(part.targets) for part in (dataset.train, dataset.valid, dataset.test)) == 60
    assert any("40 of 100 rows" in note for note in dataset.notes)
