"""Facts of the split: what flatters, on tables made to have it and on the same tables without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.data.opening import from_arrays, open_dataset
from studies.data.prepare import prepare
from studies.datasets import Raw
from studies.profiling.split import split_facts
from studies.split_by import SplitBy
from studies.split_facts import SplitFacts

ROWS = 300
SEEDS = st.integers(0, 2**20)


def made(seed: int = 0, rows: int = ROWS, **columns) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    base = {"size": generator.normal(size=rows), "weight": generator.normal(size=rows)}
    base |= {name: make(generator) for name, make in columns.items()}
    return pd.DataFrame(base | {"y": np.where(generator.random(rows) < 0.5, "cat", "dog")})


def facts_of(frame: pd.DataFrame, seed: int = 0, *, by: SplitBy | None = None, target: str = "y"):
    raw = Raw(inputs=frame.drop(columns=target), targets=frame[target])
    return split_facts(prepare(raw, name="made", seed=seed, split_by=by))


def days(generator, rows=ROWS):
    return pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 700, rows), unit="D")


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_plain_columns_give_no_cause_for_a_word(seed):
    colours = {"colour": lambda generator: generator.choice(["red", "green", "blue"], ROWS)}
    facts = facts_of(made(seed, **colours, age=lambda generator: generator.integers(18, 80, ROWS)), seed)

    assert (facts.dates, facts.keys, facts.leaks) == ((), (), ())
    assert (facts.repeated_valid_rows, facts.repeated_test_rows) == (0, 0)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_dates_are_a_fact_of_a_random_split_alone(seed):
    # of 300 rows one split in some thousands has a tenth of the validation rows after all that train
    frame = made(seed, 10 * ROWS, day=lambda generator: days(generator, 10 * ROWS))
    (column,) = facts_of(frame, seed).dates

    assert (column.name, column.first, column.last) == (
        "day",
        f"{frame['day'].min():%Y-%m-%d}",
        f"{frame['day'].max():%Y-%m-%d}",
    )
    assert column.past_share > 0.9
    assert facts_of(frame, seed, by=SplitBy(time="day")).dates == ()


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.sampled_from(["patient", "Customer ID", "store_no", "user_id"]), st.booleans())
def test_a_key_by_its_name_is_counted_row_by_row(seed, name, text):
    frame = made(seed, key=lambda generator: generator.integers(0, 60, ROWS)).rename(columns={"key": name})
    if text:
        frame[name] = "P" + frame[name].astype(str)
    raw = Raw(inputs=frame.drop(columns="y"), targets=frame["y"])
    dataset = prepare(raw, name="made", seed=seed)
    (key,) = dataset.keys

    assert (key.name, key.groups, key.rows) == (name, frame[name].nunique(), ROWS)
    assert 0 < key.shared_valid_rows <= dataset.valid.rows
    assert facts_of(frame, seed, by=SplitBy(group=name)).keys == ()


def test_a_key_of_any_name_is_told_by_targets_that_are_alike():
    generator = np.random.default_rng(0)
    ward = generator.integers(0, 60, ROWS)
    frame = made(x=lambda _: [f"w{number}" for number in ward])
    by_chance = facts_of(frame)
    frame["y"] = np.where(generator.random(60)[ward] < 0.5, "cat", "dog")

    assert by_chance.keys == ()
    assert [key.name for key in facts_of(frame).keys] == ["x"]
    frame["y"] = generator.normal(size=60)[ward] + generator.normal(size=ROWS)
    assert [key.name for key in facts_of(frame).keys] == ["x"]


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.sampled_from(["number", "category"]))
def test_a_column_that_tells_the_class_is_named(seed, form):
    frame = made(seed)
    cats = frame["y"] == "cat"
    frame["later"] = np.where(cats, 7.0, -2.0) if form == "number" else np.where(cats, "a", "b")
    assert [leak.column for leak in facts_of(frame, seed).leaks] == ["later"]


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.floats(-5, 5).filter(lambda slope: abs(slope) > 0.01))
def test_a_column_that_tells_the_number_is_named(seed, slope):
    frame = made(seed)
    frame["y"] = frame["size"] + np.random.default_rng((seed, 1)).normal(size=ROWS)
    frame["same"] = slope * frame["y"] + 3
    assert [leak.column for leak in facts_of(frame, seed).leaks] == ["same"]


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.integers(0, 100))
def test_rows_that_train_too_are_counted(seed, copies):
    frame = made(seed)
    frame = pd.concat([frame, frame.iloc[:copies]], ignore_index=True)
    parts = np.repeat([0, 1, 2], [ROWS - 50, 50, copies])  # the copies test, and have their twins in training
    raw = Raw(inputs=frame.drop(columns="y"), targets=frame["y"], parts=parts if copies else None)
    facts = split_facts(prepare(raw, name="made", seed=seed))

    assert (facts.repeated_valid_rows, facts.repeated_test_rows) == (0, copies)


def test_sparse_rows_images_and_text_are_compared_too():
    from scipy.sparse import csr_matrix

    generator = np.random.default_rng(0)
    codes = np.arange(60) % 2
    sparse = csr_matrix(generator.random((60, 40)) * (generator.random((60, 40)) < 0.1))
    for inputs in (sparse, generator.random((60, 1, 4, 4)), generator.integers(1, 99, (60, 7))):
        dataset = from_arrays((inputs, codes), (inputs[:20], codes[:20]), (inputs[:5], codes[:5]))
        facts = split_facts(dataset)
        assert (facts.repeated_valid_rows, facts.repeated_test_rows) == (20, 5)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.integers(10, 60))
def test_the_largest_class_is_that_of_training_and_its_share_of_validation(seed, rare):
    frame = made(seed)
    frame["y"] = np.where(np.arange(ROWS) < rare, "rare", "usual")
    facts = facts_of(frame, seed)

    assert (facts.largest_class, facts.present_classes, facts.tail_share) == ("usual", 2, None)
    assert facts.largest_class_share == pytest.approx(1 - rare / ROWS, abs=1 / 60)


def test_three_far_rows_make_the_tail():
    frame = made()
    amounts = np.random.default_rng(0).normal(size=ROWS)
    frame["y"] = amounts
    calm = facts_of(frame).tail_share
    frame["y"] = np.exp(6 * amounts)
    wild = facts_of(frame).tail_share

    assert calm < 0.3
    assert wild > 0.6
    assert facts_of(frame).largest_class == ""


def test_a_built_in_dataset_of_measurements_is_clean():
    facts = split_facts(open_dataset("breast_cancer"))
    assert (facts.dates, facts.keys, facts.leaks, facts.repeated_valid_rows) == ((), (), (), 0)


def test_facts_are_read_back_and_those_of_a_later_version_passed_over():
    facts = facts_of(made(day=days, patient=lambda generator: generator.integers(0, 60, ROWS)))
    written = facts.to_dict()
    written["dates"][0]["later"] = 1
    assert SplitFacts.from_dict(written | {"more": 2}) == facts
