"""Numbers of tables: one unit a column, named in its title; four digits, and whole numbers from 1,000 on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report.numbers import number
from dashboard.views import compression, studies, trial, trials
from dashboard.widgets.parts import cost_column, in_few_digits, in_units, number_column

SIZES = st.none() | st.integers(1, 10**12)


def test_seconds_and_bytes_are_numbers_of_the_unit_in_the_title():
    rows = [{"latency_seconds": 1.41e-5, "compressed_bytes": 14_340}]

    assert cost_column("latency_seconds", rows)["label"] == "latency of one row (µs)"
    assert cost_column("compressed_bytes", rows)["label"] == "model size through gzip (KiB)"
    assert in_units(rows)[0] == {
        "latency_seconds": 14.1,
        "compressed_bytes": 14.0,
    }


@given(st.lists(st.fixed_dictionaries({"model_bytes": SIZES, "compressed_bytes": SIZES}), max_size=5))
def test_all_of_a_column_is_divided_by_one_unit_and_what_was_not_measured_stays_so(rows):
    for field in ("model_bytes", "compressed_bytes"):
        values, shown = ([row[field] for row in each] for each in (rows, in_units(rows)))
        per = next((value / drawn for value, drawn in zip(values, shown, strict=True) if drawn), 1.0)

        assert shown == [None if value is None else pytest.approx(value / per, rel=2e-3) for value in values]


@pytest.mark.parametrize(("value", "format_"), [(0.9833, "%.4g"), (14_340.0, "localized")])
def test_a_metric_of_any_size_is_written_without_an_exponent(value, format_):
    row = {"quality": value, "test_quality": value, "best": value}
    columns = (
        number_column("any", [value]),
        trial.columns("rmse", [row])["quality"],
        trial.columns("rmse", [row])["test_quality"],
        trials.columns("rmse", [row], ["quality"])["quality"],
        trials.columns("rmse", [row], ["test_quality"])["test_quality"],
        compression.columns("rmse", [row])["quality"],
        studies.columns([row])["best"],
    )

    assert {column["type_config"]["format"] for column in columns} == {format_}


@given(st.floats(-1e14, 1e14) | st.just(math.inf), st.integers(-(10**9), 10**9))
def test_a_number_has_the_digits_that_the_advice_writes(value, count):
    ((shown, counted),) = (row.values() for row in in_few_digits([{"quality": value, "trials": count}]))

    assert number(shown) == number(value)
    assert counted == count
    assert abs(shown) < 1000 or not math.isfinite(shown) or shown == round(shown)
