"""Columns: how each becomes numbers, fitted on the training rows alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.data.encode import encode
from studies.data.prepare import prepare
from studies.data.splits import split_rows
from studies.datasets import Raw

from drawn_tables import raw_tables
from tables import DAYS, ROWS, column, prepared, refusal, table


def test_numbers_are_standardised_by_the_training_rows():
    dataset = prepared(table())

    assert dataset.feature_names == ("size",)
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-6)
    assert dataset.train.inputs.std() == pytest.approx(1, abs=1e-6)
    assert dataset.train.inputs.dtype == dataset.test.inputs.dtype == np.float32


def test_preprocessing_is_fitted_on_the_training_rows_only():
    frame = table(
        colour=["red", "blue", "green", "grey"] * 25,
        when=pd.date_range("2020-01-01", periods=ROWS, freq="37h"),
    )
    frame.loc[::7, "size"] = np.nan
    split = split_rows((frame["kind"] == "dog").to_numpy(np.int64), seed=0)
    changed = frame.copy()
    held_out = np.concatenate([split.valid, split.test])
    changed.loc[held_out, "size"] = 1e4
    changed.loc[held_out, "colour"] = "violet"
    changed.loc[held_out, "when"] = pd.Timestamp("1999-01-01")

    plain, altered = prepared(frame), prepared(changed)

    assert plain.feature_names == altered.feature_names
    assert np.array_equal(plain.train.inputs, altered.train.inputs)
    assert not np.array_equal(plain.valid.inputs, altered.valid.inputs)


def test_gaps_take_the_median_and_are_marked():
    size = [0.0, 1.0, 2.0, 100.0, np.nan] * 20
    dataset = prepared(table(size=size))
    gaps = column(dataset, "size missing") == 1

    assert gaps.sum() == 20
    assert len(set(column(dataset, "size")[gaps])) == 1
    assert dataset.missing_share == pytest.approx(0.2)
    assert column(dataset, "size")[gaps][0] < 0, "the median lies below the mean"


def test_columns_without_gaps_get_no_mark():
    assert prepared(table(width=range(ROWS))).feature_names == ("size", "width")


def test_booleans_are_numbers_even_with_gaps():
    dataset = prepared(table(tame=[True, False] * 50, old=[True, None, False, False] * 25))

    assert dataset.feature_names == ("size", "tame", "old", "old missing")
    assert len(set(column(dataset, "tame"))) == 2


def test_text_becomes_one_column_a_value_and_a_gap_is_a_value():
    dataset = prepared(table(colour=["red", "blue", None, "red"] * 25))

    assert dataset.feature_names == ("size", "colour=(missing)", "colour=blue", "colour=red")
    assert [column(dataset, name).sum() for name in dataset.feature_names[1:]] == [25, 25, 50]


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string"])
def test_text_of_every_pandas_type_is_the_same(dtype):
    dataset = prepared(table(colour=pd.Series(["red", "blue"] * 50, dtype=dtype)))

    assert dataset.feature_names == ("size", "colour=blue", "colour=red")


@pytest.mark.parametrize("dtype", ["int8", "Int64", "float32", "Float64", "int64[pyarrow]", "str"])
def test_numbers_of_every_pandas_type_are_the_same(dtype):
    expected = prepared(table(width=[1, 2, 3, 4, 5] * 20))

    assert prepared(table(width=pd.Series([1, 2, 3, 4, 5] * 20).astype(dtype))).digest == expected.digest


def test_text_seen_only_outside_the_training_rows_is_no_known_value():
    frame = table(colour=["red", "blue"] * 50)
    frame.loc[99, "colour"] = "violet"

    encoded = encode(frame[["colour"]], np.arange(90))

    assert encoded.names == ("colour=blue", "colour=red")
    assert encoded.inputs[99].tolist() == [0, 0]


def test_the_values_beyond_forty_share_a_column_and_the_user_is_told():
    cities = [f"city {number % 80}" for number in range(400)]
    frame = pd.DataFrame({"city": cities, "kind": ["cat", "dog", "dog", "cat"] * 100})

    dataset = prepared(frame)

    assert len(dataset.feature_names) == 40
    assert dataset.feature_names[-1] == "city=(others)"
    assert any("'city' has" in note for note in dataset.notes)


@pytest.mark.parametrize(
    "way", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y"]
)
def test_text_that_reads_as_dates_becomes_dates(way):
    dataset = prepared(table(when=DAYS.strftime(way)))
    expected = prepared(table(when=DAYS))

    assert dataset.feature_names == (
        "size",
        "when.year",
        "when.month",
        "when.day",
        "when.weekday",
        "when.days",
    )
    assert dataset.digest == expected.digest
    assert any("Read column 'when' as dates" in note for note in dataset.notes)


def test_hours_count_when_there_are_any():
    names = prepared(
        table(when=pd.date_range("2021-01-28", periods=ROWS, freq="5h", tz="Europe/Berlin"))
    ).feature_names

    assert "when.hour" in names


def test_days_count_from_the_first_training_date():
    frame = pd.DataFrame({"when": [dt.date(2021, 1, 1) + dt.timedelta(days=3 * step) for step in range(20)]})

    encoded = encode(frame, np.arange(10, 20))

    days = encoded.inputs[:, encoded.names.index("when.days")]
    assert np.allclose(np.diff(days), days[11] - days[10], atol=1e-6)
    assert days[10:].mean() == pytest.approx(0, abs=1e-6)


def test_a_few_unreadable_dates_count_as_missing_and_the_user_is_told():
    when = DAYS.strftime("%Y-%m-%d").to_series().reset_index(drop=True)
    when[[3, 50, 70]] = "soon"

    dataset = prepared(table(when=when))

    assert column(dataset, "when missing").sum() in {3, 0}
    assert any("3 values of column 'when' cannot be read as dates" in note for note in dataset.notes)


def test_text_with_some_dates_stays_text():
    assert (
        "when=soon" in prepared(table(when=["2020-01-01", "2020-01-02", "soon", "later"] * 25)).feature_names
    )


def test_identifiers_and_constants_are_left_out_and_the_user_is_told():
    frame = table(
        name=[f"animal {number}" for number in range(ROWS)],
        planet="Earth",
        owner_id=range(700, 700 + ROWS),
        VetID=range(ROWS),
    )

    dataset = prepared(frame)

    assert dataset.feature_names == ("size",)
    assert any("same in every training row: planet" in note for note in dataset.notes)
    assert any("different in every row" in note and "name, owner_id, VetID" in note for note in dataset.notes)


def test_a_table_of_nothing_but_constants_and_identifiers_is_refused():
    frame = (
        table(name=[f"animal {number}" for number in range(ROWS)]).drop(columns="size").assign(planet="Earth")
    )

    assert "no column is left to learn from" in refusal(prepared, frame)


def test_numbers_far_off_do_not_overflow():
    dataset = prepared(table(size=[1e-30, 2e-30, 3e38, -3e38] * 25))

    assert all(np.isfinite(part.inputs).all() for part in (dataset.train, dataset.valid, dataset.test))


@settings(max_examples=60, deadline=None)
@given(frame=raw_tables(), seed=st.integers(0, 5))
def test_any_table_prepares_to_finite_disjoint_parts_that_hold_every_row_with_a_target(frame, seed):
    # The last row of every column is filled, so that no column is empty; it needs its label to be kept.
    frame.loc[len(frame) - 1, "label"] = frame.loc[0, "label"]
    raw = Raw(inputs=frame.drop(columns="label"), targets=frame["label"])

    dataset = prepare(raw, name="any", seed=seed)

    parts = (dataset.train, dataset.valid, dataset.test)
    squares = np.concatenate([part.inputs[:, dataset.feature_names.index("square")] for part in parts])
    assert all(part.inputs.dtype == np.float32 and np.isfinite(part.inputs).all() for part in parts)
    assert all(len(part.inputs) == len(part.targets) > 0 for part in parts)
    assert len(np.unique(squares)) == len(squares) == frame["label"].notna().sum()
    assert all(part.inputs.shape[1] == len(dataset.feature_names) for part in parts)
    assert prepare(raw, name="any", seed=seed).digest == dataset.digest
