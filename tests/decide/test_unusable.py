"""Columns and targets that cannot be used are named with their fault."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.data.prepare import prepare
from studies.datasets import Raw
from studies.errors import BadWorkload

from tables import DAYS, prepared, refusal, table


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        pytest.param({"kind": "cat"}, {}, "'kind' is 'cat' in every row", id="a single class"),
        pytest.param({"kind": 1.0}, {}, "'kind' is '1' in every row", id="a single number"),
        pytest.param({"kind": np.nan}, {}, "target 'kind' has no values at all", id="no target"),
        pytest.param(
            {"kind": [None] * 91 + ["cat", "dog", "cat"] * 3}, {}, "9 rows with a value", id="too few rows"
        ),
        pytest.param(
            {"kind": list(map("class {}".format, range(100)))},
            {},
            "100 classes in 100 rows",
            id="a class a row",
        ),
        pytest.param(
            {},
            {"task": "regression"},
            "target 'kind' is text, 'dog' in data row 1;",
            id="text for regression",
        ),
        pytest.param(
            {"kind": ["1"] * 49 + ["2"] * 50 + ["x"]}, {}, "'x' in data row 100", id="a slip in the target"
        ),
        pytest.param({"kind": DAYS}, {}, "'kind' holds dates", id="dates as target"),
        pytest.param(
            {"kind": [np.inf] + [1.5, 2.5, 3.5] * 33}, {}, "inf in data row 1", id="infinite target"
        ),
        pytest.param(
            {"width": [*range(98), "wide", "?"]}, {}, "'width' has text .*'wide' in data row 99", id="a slip"
        ),
        pytest.param(
            {"width": [1.0] * 41 + [-np.inf] * 59}, {}, "'width' holds -inf in data row 42", id="infinite"
        ),
        pytest.param(
            {"width": [1e300] * 100}, {}, "'width' holds 1e\\+300 in data row 1", id="beyond float32"
        ),
        pytest.param({"width": [[1, 2]] * 100}, {}, "'width' holds \\[1, 2\\] in data row 1", id="lists"),
    ],
)
def test_a_column_that_cannot_be_used_is_named_with_its_fault(columns, options, said):
    with pytest.raises(BadWorkload, match=said):
        prepared(table(**columns), **options)
    refusal(prepared, table(**columns), **options)


def test_text_with_fewer_numbers_than_nine_in_ten_is_text():
    assert "width=x" in prepared(table(width=["1", "2", "3", "x"] * 25)).feature_names


@pytest.mark.parametrize("values", [np.nan, [" "] * 100, [None] * 100], ids=["gaps", "blanks", "nothing"])
def test_a_column_without_values_is_left_out_and_told(values):
    dataset = prepared(table(width=values, height=list(range(100))))

    assert not any("width" in name for name in dataset.feature_names)
    assert any("width" in note for note in dataset.notes)


def test_data_rows_are_counted_as_in_the_file():
    frame = table(width=[*range(99), "wide"])
    frame.loc[:9, "kind"] = None

    assert "data row 100" in refusal(prepared, frame)


def test_duplicate_names_in_a_frame_are_refused():
    inputs = pd.DataFrame(np.ones((20, 2)), columns=["a", "a"])

    assert "named 'a'" in refusal(prepare, Raw(inputs=inputs, targets=np.arange(20) % 2), name="made", seed=0)


@pytest.mark.parametrize(
    ("inputs", "targets", "kind", "said"),
    [
        pytest.param(
            np.ones((20, 2)), np.arange(19), "table", "20 rows of inputs but 19 targets", id="unequal lengths"
        ),
        pytest.param(np.ones((20, 0)), np.arange(20) % 2, "table", "no column is left", id="no columns"),
        pytest.param(
            np.ones((20, 2)), np.full((20, 2), "a"), "table", "more than one a row", id="two labels a row"
        ),
        pytest.param(
            np.ones((20, 2)),
            np.ones((20, 2)),
            "table",
            "target 0 is 1 in every row",
            id="two equal targets a row",
        ),
        pytest.param(
            np.ones((20, 2, 2)),
            np.arange(20) % 2,
            "table",
            "give it as \\(rows, columns\\)",
            id="a table of three dimensions",
        ),
        pytest.param(
            np.ones((20, 2, 2)),
            np.arange(20) % 2,
            "image",
            "channels, height, width",
            id="images without channels",
        ),
        pytest.param(
            np.full((20, 1, 2, 2), np.nan),
            np.arange(20) % 2,
            "image",
            "missing or infinite pixels",
            id="missing pixels",
        ),
    ],
)
def test_arrays_of_the_wrong_shape_are_refused(inputs, targets, kind, said):
    with pytest.raises(BadWorkload, match=said):
        prepare(Raw(inputs=inputs, targets=targets, kind=kind), name="made", seed=0)


def test_arrays_are_tables_too():
    inputs = np.random.default_rng(0).normal(size=(50, 2))
    named = prepare(
        Raw(inputs=inputs, targets=np.arange(50)[:, None] % 2, feature_names=("a", "b")), name="made", seed=0
    )

    assert named.feature_names == ("a", "b")
    assert prepare(Raw(inputs=inputs, targets=np.arange(50) % 2), name="made", seed=0).feature_names == (
        "x0",
        "x1",
    )
