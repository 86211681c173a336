"""Parts that came with the data and say things in other words than the training rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studies.data.opening import from_arrays

from tables import refusal


def part(labels, levels=("a", "b"), rows: int = 40) -> tuple[pd.DataFrame, pd.Series]:
    generator = np.random.default_rng(rows)
    place = np.arange(rows)
    frame = pd.DataFrame(
        {"x": generator.normal(size=rows), "c": np.array(levels, object)[place % len(levels)]}
    )
    return frame, pd.Series(np.array(labels, object)[place % len(labels)], name="y")


def test_a_label_that_only_validation_has_is_told():
    dataset = from_arrays(part(["u", "v"]), part(["u", "v", "w"]))

    assert any(
        "Labels of no training row" in note and "'w', 13 validation rows" in note for note in dataset.notes
    )


def test_truths_as_numbers_in_one_part_and_as_words_in_the_other_are_refused_as_labels():
    message = refusal(from_arrays, part([0, 1]), part([True, False]))

    assert "the validation rows have the labels 'False', 'True' and the training rows '0', '1'" in message


def test_truths_as_numbers_in_one_part_and_as_words_in_the_other_are_the_same_input_and_that_is_told():
    dataset = from_arrays(part(["u", "v"], [0, 1, 1]), part(["u", "v"], [True, False]))

    assert dataset.feature_names == ("x", "c")
    assert len(np.unique(dataset.valid.inputs[:, 1])) == 2
    assert any("column 'c' as truths" in note for note in dataset.notes)


def test_a_level_that_only_validation_has_is_told():
    dataset = from_arrays(part(["u", "v"]), part(["u", "v"], ["a", "z"]))

    assert any(
        "Column 'c' has levels of no training row: 'z', in 20 validation rows." in note
        for note in dataset.notes
    )


def test_masked_entries_are_gaps_in_inputs_and_targets():
    generator = np.random.default_rng(0)
    values, labels = generator.normal(size=(100, 2)), generator.integers(0, 2, 100)
    mask = generator.random(values.shape) < 0.3
    inputs = np.ma.masked_array(np.where(mask, -999.0, values), mask)
    targets = np.ma.masked_array(labels, np.arange(100) % 10 == 0)

    dataset = from_arrays((inputs, targets))

    assert dataset.missing_share > 0.2
    assert dataset.feature_names == ("x0", "x1", "x0 missing", "x1 missing")
    assert any("Left out 10 of 100 rows" in note for note in dataset.notes)


def test_complex_numbers_are_refused_in_arrays_and_in_columns():
    rows = np.arange(100)
    inputs = rows[:, None] + 1j * rows[:, None]

    assert "complex numbers" in refusal(from_arrays, (inputs, rows % 2))
    assert "column 'z' holds complex" in refusal(from_arrays, (pd.DataFrame({"z": inputs[:, 0]}), rows % 2))
