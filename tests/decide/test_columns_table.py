"""The table of columns: every column in it, alike ones in one line, never too long or too wide."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.report.columns_table import MOST_LINES, column_rows, columns_text
from studies.column_reading import ColumnReading, columns_in_short

PRICE = ColumnReading(
    name="price", kind="number", levels=300, done="read as numbers, '$1,200' as 1200; scaled"
)
NAME = ColumnReading(name="name", kind="identifier", levels=300, left_out="it only names the row")
WORDS = st.text("abc ,$'", max_size=60)
READINGS = st.builds(
    ColumnReading,
    name=st.text("xyz0123456789", min_size=1, max_size=50),
    kind=st.sampled_from(["number", "category", "date", "free text"]),
    missing=st.integers(0, 10**7),
    levels=st.integers(0, 10**7),
    done=WORDS,
    left_out=st.just("") | WORDS,
)


@settings(max_examples=300)
@given(st.lists(READINGS, max_size=60))
def test_the_table_fits_a_terminal_and_counts_every_column(columns):
    lines = columns_text(columns).splitlines()

    assert all(len(line) <= 100 for line in lines)
    assert sum(not line.startswith("   ") for line in lines) <= MOST_LINES + 3
    if columns:
        assert f"of {len(columns):,} are inputs" in lines[0]


def test_many_columns_treated_alike_are_one_line():
    pixels = [ColumnReading(name=f"x{n}", kind="number", levels=n, done="scaled") for n in range(784)]

    assert column_rows([*pixels, PRICE]) == [
        ("x0 to x783: 784", "number", "0", "0 to 783", "scaled"),
        ("price", "number", "0", "300", "read as numbers, '$1,200' as 1200; scaled"),
    ]


def test_a_column_survives_json_and_entries_of_a_later_version_are_passed_over():
    written = json.loads(json.dumps(NAME.to_dict())) | {"later": 1}

    assert ColumnReading.from_dict(written) == NAME


def test_an_answer_says_in_one_line_what_became_of_the_columns_and_has_the_table_in_its_json():
    advice = recommend(replace(Evidence(candidates=("AdamW",)), columns=(PRICE, NAME)))

    assert "1 of 2 columns are inputs: 1 number; left out: name (it only names the row)." in " ".join(
        str(advice).split()
    )
    assert advice.to_dict()["columns"] == [PRICE.to_dict(), NAME.to_dict()]


def test_plain_numbers_are_not_worth_a_line_of_the_answer():
    assert columns_in_short([ColumnReading(name="x", kind="number", done="scaled")]) == ""
    assert columns_in_short([]) == ""
