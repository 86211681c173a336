"""Targets: labels as written or amounts, and which of the two the target, the task and the metric say."""

from __future__ import annotations

import numpy as np
import pytest

from studies.data.columns import READING
from studies.data.opening import open_dataset
from studies.errors import BadWorkload
from studies.storage.workload_spec import WorkloadSpec
from studies.workload_opening import open_source, reopen_workload

from tables import ROWS, prepared, refusal, table, written

STARS = [1 + row % 5 for row in range(ROWS)]


def test_a_class_called_none_is_a_class_of_a_file_and_a_named_word_is_a_gap(tmp_path):
    path = written(tmp_path / "pain.csv", table(kind=["None", "Mild", "NA", "Severe"] * 25))

    assert open_dataset(path, target="kind").classes == ("Mild", "NA", "None", "Severe")
    named = open_dataset(path, target="kind", missing=("NA",))
    assert named.classes == ("Mild", "None", "Severe")
    assert any("Left out 25 of 100 rows" in note for note in named.notes)


def test_codes_with_zeros_before_them_are_classes_as_written_in_a_file(tmp_path):
    frame = table(kind=["01", "1", "001", "10"] * 25)
    dataset = open_dataset(written(tmp_path / "codes.csv", frame), target="kind")

    assert dataset.classes == ("001", "01", "1", "10")
    assert any("written differently are classes of their own" in note for note in dataset.notes)


def test_a_file_of_whole_numbers_has_the_classes_of_the_numbers_in_their_order(tmp_path):
    frame = table(
        kind=[row % 12 for row in range(240)][:ROWS] if ROWS > 240 else [row % 4 + 8 for row in range(ROWS)]
    )
    from_file = open_dataset(written(tmp_path / "codes.csv", frame), target="kind")

    assert from_file.classes == ("8", "9", "10", "11")
    assert from_file.digest == prepared(frame).digest


def test_the_metric_tells_the_task_where_target_and_user_do_not(tmp_path):
    path = written(tmp_path / "stars.csv", table(stars=STARS))

    assert open_source(path, target="stars").dataset.task == "classification"
    regression = open_source(path, target="stars", metric_name="rmse")
    assert regression.dataset.task == "regression"
    assert any("as rmse is a metric of that" in note for note in regression.notes)
    assert reopen_workload(regression.spec()).dataset.digest == regression.dataset.digest


def test_a_metric_against_the_task_is_refused_with_the_option_that_settles_it(tmp_path):
    path = written(tmp_path / "stars.csv", table(stars=STARS))
    asked = {"target": "stars", "metric_name": "rmse", "task": "classification"}

    assert "use --task regression" in refusal(open_source, path, **asked)
    text = refusal(open_source, path, target="kind", metric_name="rmse")
    assert "rmse is a metric of it; use one for classes, such as --metric accuracy" in text


def test_words_for_a_gap_among_amounts_are_left_out_rows():
    amounts = [f"{row + 0.5}" if row % 10 else "n/a" for row in range(ROWS)]

    dataset = prepared(table(price=amounts), target="price")

    assert dataset.task == "regression"
    assert any("Left out 10 of 100 rows" in note for note in dataset.notes)
    assert any("10 values of target 'price' say 'n/a'" in note for note in dataset.notes)


def test_a_word_among_amounts_is_refused_with_its_row_and_both_ways_out():
    message = refusal(
        prepared, table(price=[*(f"{row}.5" for row in range(ROWS - 1)), "dear"]), target="price"
    )

    assert "'dear' in data row 100" in message
    assert "--task classification" in message
    assert "--missing" in message


def test_new_targets_are_encoded_and_unknown_labels_are_none():
    encoder = prepared(table()).target_encoder

    assert encoder.transform(np.array(["dog", "cat", "wolf"], object)).tolist() == [1, 0, -1]


def test_a_study_of_a_version_that_read_its_columns_otherwise_is_told_so(tmp_path):
    path = written(tmp_path / "prices.csv", table(price=[f"${1000 + row:,}" for row in range(ROWS)]))
    spec = open_source(path, target="kind").spec()
    earlier = WorkloadSpec.from_dict(spec.to_dict() | {"digest": "0" * 16, "reading": 0})

    assert spec.reading == READING
    with pytest.raises(BadWorkload, match="this version reads the columns"):
        reopen_workload(earlier)
    with pytest.raises(BadWorkload, match="has changed"):
        reopen_workload(WorkloadSpec.from_dict(spec.to_dict() | {"digest": "0" * 16}))


def test_a_spec_of_an_earlier_version_has_no_missing_words_and_is_written_as_it_was():
    written_then = {"source": "digits", "target": None, "task": "auto", "seed": 0}
    spec = WorkloadSpec.from_dict(written_then)

    assert (spec.missing, spec.reading) == ((), 0)
    assert spec.to_dict() == written_then
