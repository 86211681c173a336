"""Quantities as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.errors import BadValue
from studies.limits import Budget, Limits
from studies.quantities import (
    exact_bytes,
    exact_seconds,
    format_bytes,
    format_seconds,
    parse_bytes,
    parse_seconds,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [("64MiB", 64 * 2**20), ("1.5GB", 1_500_000_000), ("200k", 204_800), ("512", 512), (" 1 kib ", 1024)],
)
def test_sizes_are_read_as_written(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2ms", 0.002), ("60s", 60), ("10m", 600), ("2h", 7200), ("1.5", 1.5), ("3us", 3e-6)],
)
def test_times_are_read_as_written(text, seconds):
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "budget"),
    [("60s", Budget(seconds=60)), ("200trials", Budget(trials=200)), ("1 trial", Budget(trials=1))],
)
def test_budgets_are_seconds_or_trials(text, budget):
    assert Budget.parse(text) == budget


@pytest.mark.parametrize("text", ["0", "0s", "0trials", "-5m", "soon", "", "10 parsecs", "nan"])
def test_a_budget_of_nothing_or_nonsense_is_refused_in_one_line(text):
    with pytest.raises(BadValue, match="60s") as error:
        Budget.parse(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["0", "-1MB", "big", "1XB", ""])
def test_a_size_of_nothing_or_nonsense_is_refused(text):
    with pytest.raises(BadValue, match="512MiB"):
        parse_bytes(text)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(BadValue, match="train_bytes"):
        Limits(train_bytes=0)


@given(st.integers(1, 2**50))
def test_written_bytes_are_read_back_within_their_rounding(count):
    assert parse_bytes(format_bytes(count).replace(",", "")) == pytest.approx(count, rel=0.006)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.5e-4, "850 µs"), (0.0021, "2.1 ms"), (45, "45 s"), (750, "12.5 min"), (11520, "3.2 h")],
)
def test_times_are_written_as_people_do(seconds, text):
    assert format_seconds(seconds) == text


def test_other_limits_replace_only_those_that_they_state():
    usual = Limits(train_bytes=2**20, latency_seconds=0.001)

    assert usual.replaced_by(Limits(latency_seconds=0.5)) == Limits(train_bytes=2**20, latency_seconds=0.5)
    assert usual.replaced_by(None) == usual


@given(st.integers(1, 2**50))
def test_exact_bytes_are_read_back_to_the_byte(count):
    assert parse_bytes(exact_bytes(count)) == count


@given(st.floats(1e-9, 1e9))
def test_exact_seconds_are_read_back_to_the_last_digit_and_have_no_exponent(seconds):
    text = exact_seconds(seconds)

    assert parse_seconds(text) == seconds
    assert "e" not in text


@pytest.mark.parametrize("text", ["300KiB", "40KB", "1MiB", "548KiB", "1.5GB", "512B", "70000001B"])
def test_exact_bytes_are_in_the_unit_that_people_gave(text):
    assert exact_bytes(parse_bytes(text)) == text


@pytest.mark.parametrize("text", ["1us", "850us", "2ms", "1.89s", "60s", "3600s"])
def test_exact_seconds_are_in_the_unit_that_people_gave(text):
    assert exact_seconds(parse_seconds(text)) == text


@pytest.mark.parametrize("text", ["0", "0s", "0trials", "-5m", "1e30"])
def test_a_budget_out_of_bounds_is_called_a_budget_without_an_exponent(text):
    with pytest.raises(BadValue, match=r"^budget ") as error:
        Budget.parse(text)
    assert "e+" not in str(error.value)
