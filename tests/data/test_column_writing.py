"""Numbers, truths, dates and labels as people write them are read as what they say."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.data.columns.cells import GAP_WORDS
from studies.data.columns.number_writing import WAYS, NumberWriting
from studies.data.columns.reading import read_typed
from studies.data.columns.table_encoder import writing_from

from tables import ROWS, column, prepared, refusal, table

CONVENTIONS = {
    "plain": ("", "."), "american": (",", "."), "german": (".", ","), "french": (" ", ","),
    "nbsp": ("\u00a0", "."), "thin": ("\u202f", ","), "swiss": ("'", "."), "curly": ("\u2019", "."),
    "comma": ("", ","),
}  # fmt: skip
UNITS = ["", "$", "€", "US$", " EUR", "%", " %", " kg", "GHz", " km/h", " m²", "°C"]
NEGATIVES = ["-", "\u2212", "()"]


def grouped(number: float, thousands: str, decimal: str, digits: int) -> str:
    text = f"{abs(number):,.{digits}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@st.composite
def written_numbers(draw) -> tuple[list[float], list[str]]:
    """Draw numbers, some below 0, and how they look in one convention with one unit."""
    thousands, decimal = draw(st.sampled_from(list(CONVENTIONS.values())))
    unit, negative = draw(st.sampled_from(UNITS)), draw(st.sampled_from(NEGATIVES))
    digits = draw(st.integers(1, 4))
    cents = draw(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=20))
    numbers = [12345.5, *(cent / 10**digits for cent in cents)]
    cells = []
    for number in numbers:
        text = grouped(number, thousands, decimal, digits)
        text = f"{unit}{text}" if unit in {"$", "€", "US$"} else f"{text}{unit}"
        below = number < 0
        cells.append(f"({text})" if below and negative == "()" else negative + text if below else text)
    return numbers, cells


@settings(max_examples=400, deadline=None)
@given(written_numbers())
def test_numbers_in_any_one_convention_are_read_as_the_same_numbers(drawn):
    numbers, cells = drawn

    typed = read_typed(pd.Series(cells), "it")

    assert typed.kind == "number"
    assert typed.values.tolist() == pytest.approx(numbers, rel=1e-12)


@settings(max_examples=300, deadline=None)
@given(written_numbers(), st.lists(st.sampled_from(sorted(GAP_WORDS)), min_size=1, max_size=6), st.randoms())
def test_words_for_a_gap_among_numbers_are_gaps_and_counted(drawn, words, random):
    numbers, cells = drawn
    spelled = [word.upper() if random.random() < 0.5 else word for word in words]

    typed = read_typed(pd.Series([*cells, *spelled]), "it")

    assert typed.values[: len(numbers)].tolist() == pytest.approx(numbers, rel=1e-12)
    assert typed.values[len(numbers) :].isna().all()
    assert any(note.startswith(f"{len(words)} value") for note in typed.notes)


@settings(max_examples=300, deadline=None)
@given(written_numbers(), st.text(max_size=8))
def test_a_writing_reads_rows_alone_as_in_their_column_also_from_json(drawn, anything):
    cells = pd.Series([*drawn[1]])
    typed = read_typed(cells, "it")
    again = writing_from(json.loads(json.dumps(typed.writing.to_dict() | {"kind": typed.kind})))

    assert again == typed.writing
    one_by_one = [float(again.read(cells.iloc[[row]])[0]) for row in range(len(cells))]
    assert one_by_one == typed.values.tolist()
    assert len(again.read(pd.Series([anything]))) == 1


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,234", "5,678"], [1234, 5678]),
        (["1,5", "2,25", "1,234"], [1.5, 2.25, 1.234]),
        (["1.234,5", "7"], [1234.5, 7]),
        (["1 234", "12 345 678"], [1234, 12345678]),
        (["1'234.5", "7"], [1234.5, 7]),
        (["12,34,567", "1,23,456"], [1234567, 123456]),
        (["(1,200)", "300"], [-1200, 300]),
        (["1e3", "2.5E-2"], [1000, 0.025]),
        (["12.5%", "7 %"], [12.5, 7]),
        (["$1,234.50", "-$7.00", "$-8"], [1234.5, -7, -8]),
        (["1.234,50 €", "7,00 €"], [1234.5, 7]),
        (["CHF 12.50", "CHF 1'000"], [12.5, 1000]),
        (["12 kg", "7.5kg", "8 KG"], [12, 7.5, 8]),
        (["1 year", "2 years"], [1, 2]),
        (["+5", "\u22127", "9-"], [5, -7, -9]),
        (["'42", "'7"], [42, 7]),
        (["$12", "15"], [12, 15]),
    ],
)
def test_a_way_of_writing_numbers_is_understood(cells, numbers):
    assert read_typed(pd.Series(cells), "it").values.tolist() == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["12 kg", "900 g", "3 lb"],
        ["$5", "€7", "£9"],
        ["1.2.3", "1.2.4"],
        ["192.168.1.1", "10.0.0.1"],
        ["12:30", "13:45"],
        ["A12", "B7"],
        ["555-1234", "555-9876"],
        ["1/2", "3/4"],
        ["12 Main Street", "7 Oak Avenue"],
    ],
)
def test_what_is_no_number_stays_text(cells):
    assert read_typed(pd.Series(cells * 3), "it").kind == "text"


def test_numbers_in_mixed_units_stay_text_and_the_user_is_told():
    dataset = prepared(table(weight=["12 kg", "900 g"] * 50))

    assert "weight=12 kg" in dataset.feature_names
    assert any("'weight' has numbers in different units (kg, g)" in note for note in dataset.notes)


def test_a_comma_that_no_value_explains_parts_thousands_and_the_user_is_told():
    dataset = prepared(table(price=[f"{1 + row % 9},{100 + row}" for row in range(ROWS)]))

    assert any("no value tells that the comma of" in note for note in dataset.notes)


def test_a_word_among_numbers_is_refused_with_its_row_and_the_option_that_helps():
    frame = table(size=[*map(str, range(ROWS - 2)), "heavy", "7"])

    message = refusal(prepared, frame)

    assert "'heavy' in data row 99" in message
    assert "--missing heavy" in message


def test_words_that_the_user_names_are_gaps_in_every_column():
    frame = table(
        size=[*map(str, range(ROWS - 1)), "heavy"], colour=["red", "heavy"] * 50, width=[-999.0, 2, 3, 4] * 25
    )

    dataset = prepared(frame, missing=("heavy", "-999"))

    assert [reading.missing for reading in dataset.columns] == [1, 50, 25]


@pytest.mark.parametrize(
    "words",
    [
        ["yes", "Yes", "NO"],
        ["true", "FALSE"],
        ["T", "f"],
        ["on", "Off"],
        ["y", "N", "n/a"],
        ["1", "True", "no"],
    ],
)
def test_truths_are_ones_and_zeros_in_any_case(words):
    rows = [words[row % len(words)] for row in range(ROWS)]
    if words == ["1", "True", "no"]:
        assert read_typed(pd.Series(rows), "it").kind == "text", "words of two families are levels"
        return
    dataset = prepared(table(tame=rows))

    assert dataset.columns[1].kind == "truth"
    assert len(set(column(dataset, "tame"))) <= 3


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["None", "NA", "null", "01", "1", "001", "True", "nan", "-", "?", "Mild"]),
        min_size=3,
        max_size=6,
        unique=True,
    )
)
def test_labels_keep_their_spelling(labels):
    rows = [labels[row % len(labels)] for row in range(ROWS)]

    dataset = prepared(table(label=rows), target="label", task="classification")

    assert sorted(dataset.classes) == sorted(labels)


def test_categories_keep_the_words_that_mean_a_gap_among_numbers():
    dataset = prepared(table(grade=["None", "NA", "a", None] * 25))

    assert {"grade=NA", "grade=None", "grade=a", "grade=(missing)"} < set(dataset.feature_names)


def test_levels_that_differ_only_in_case_are_told():
    assert any("differ only in the case" in note for note in prepared(table(c=["red", "Red"] * 50)).notes)


def test_a_target_of_prices_is_a_regression_in_their_amounts():
    prices = np.round(np.random.default_rng(0).uniform(1e5, 9e5, ROWS), -3)

    dataset = prepared(table(price=[f"${price:,.0f}" for price in prices]), target="price")

    assert dataset.task == "regression"
    amounts = np.concatenate([part.targets for part in (dataset.train, dataset.valid, dataset.test)])
    assert sorted(amounts[:, 0] * dataset.target_scale + dataset.target_mean) == pytest.approx(sorted(prices))
    assert any("'price' as numbers" in note for note in dataset.notes)


def test_a_number_read_in_its_writing_is_its_own_inverse():
    assert NumberWriting(thousands=".", decimal=",").number("-1.234,5") == -1234.5


@given(
    cell=st.text("0123456789.,' $€kreRsUSD", max_size=12),
    way=st.sampled_from(WAYS),
    unit=st.sampled_from(["", "$", "€", "US$", "kr", "Rs.", "%"]),
)
def test_a_plain_number_and_the_same_in_brackets_are_read_alike(cell, way, unit):
    """The plain ones are read by a short way of their own."""
    writing = NumberWriting(thousands=way[0], decimal=way[1], unit=unit)
    plain = " ".join(cell.split()).lstrip("'")  # a mark for spreadsheets, which stands first

    assert np.array_equal(writing.number(plain), -writing.number(f"({plain})"), equal_nan=True)


def test_a_column_of_few_different_texts_is_read_as_one_of_many():
    writing, cells = NumberWriting(thousands=","), ["1,234", " 5 ", None, "n/a", np.nan, "1,234", "-7"]

    one_by_one = [writing.read(pd.Series([cell], dtype=object))[0] for cell in cells]

    assert np.array_equal(writing.read(pd.Series(cells, dtype=object)), one_by_one, equal_nan=True)
