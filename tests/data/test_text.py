"""Text: a table of one text becomes token ids, a text among other columns a few word columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.data.encode import encode, encode_text
from studies.data.opening import from_arrays, open_dataset
from studies.data.text import is_free_text

from sample_arrays import LABELS, REVIEWS, ROWS, TABLE, parts, refusal


def test_a_table_of_one_text_becomes_token_ids(tmp_path):
    pd.DataFrame({"id": range(ROWS), "review": REVIEWS, "kind": LABELS}).to_csv(
        tmp_path / "r.csv", index=False
    )

    dataset = open_dataset(str(tmp_path / "r.csv"), target="kind")

    assert dataset.kind == dataset.inputs.kind == "text"
    assert all(part.inputs.dtype == np.int64 for part in parts(dataset))
    assert (
        dataset.inputs.vocabulary == dataset.vocabulary >= max(part.inputs.max() for part in parts(dataset))
    )
    assert all(part.inputs.min() >= 0 for part in parts(dataset))
    assert any("Read 'review' as text" in note for note in dataset.notes)


def test_the_vocabulary_is_of_the_training_rows_the_most_frequent_word_first():
    texts = pd.Series(["The cat sat", "the Cat", "the zebra ran far away"], name="t")

    ids = encode_text(texts, np.array([0, 1]))

    assert ids.inputs.tolist() == [[3, 2, 4], [3, 2, 0], [3, 1, 1]], (
        "cat, the, sat; 1 is a word of no training row"
    )
    assert ids.vocabulary == 4


def test_words_that_occur_once_are_unknown_in_a_long_table():
    texts = pd.Series([f"same words once{row}" for row in range(501)], name="t")

    ids = encode_text(texts, np.arange(400))

    assert ids.vocabulary == 3
    assert ids.inputs[0].tolist() == [2, 3, 1]


def test_long_texts_are_cut_at_what_most_rows_need_and_256_words():
    texts = pd.Series(["word " * 10] * 99 + ["word " * 500], name="t")

    assert encode_text(texts, np.arange(100)).inputs.shape == (100, 10)
    assert encode_text(pd.Series(["word " * 500] * 20, name="t"), np.arange(20)).inputs.shape == (20, 256)


@pytest.mark.parametrize(
    ("values", "free"),
    [
        pytest.param(REVIEWS, True, id="sentences"),
        pytest.param([f"id-{row}" for row in range(ROWS)], False, id="identifiers"),
        pytest.param([f"Anna Smith {row}" for row in range(ROWS)], False, id="names"),
        pytest.param(["a long label of five words", "another label, as long as it"] * 30, False, id="labels"),
        pytest.param(TABLE[:, 0], False, id="numbers"),
    ],
)
def test_text_is_free_when_it_has_many_words_and_mostly_differs(values, free):
    assert is_free_text(pd.Series(values, dtype=None if isinstance(values, np.ndarray) else object)) is free


def test_text_among_other_columns_becomes_at_most_64_word_columns_fitted_on_the_training_rows():
    many = [
        f"{text} " + " ".join(f"w{(row * 7 + k) % 90}x" for k in range(12))
        for row, text in enumerate(REVIEWS)
    ]
    frame = pd.DataFrame({"size": TABLE[:, 0], "review": many})
    changed = frame.copy()
    changed.loc[40:, "review"] = "entirely other words of no use zebra zebra " + changed.index[40:].astype(
        str
    )

    encoded, other = encode(frame, np.arange(40)), encode(changed, np.arange(40))

    words = [name for name in encoded.names if name.startswith("review: ")]
    assert 0 < len(words) <= 64
    assert encoded.names == other.names
    assert np.array_equal(encoded.inputs[:40], other.inputs[:40])
    assert any("'review' is free text" in note for note in encoded.notes)


def test_text_whose_words_do_not_recur_is_left_out():
    texts = [" ".join(f"w{row}x{k}" for k in range(5)) for row in range(ROWS)]

    encoded = encode(pd.DataFrame({"size": TABLE[:, 0], "t": texts}), np.arange(40))

    assert encoded.names == ("size",)
    assert any("do not recur: t" in note for note in encoded.notes)


def test_text_without_words_is_refused():
    frame = pd.DataFrame({"t": ["!"] * ROWS})

    assert "no words" in refusal(from_arrays, (frame, LABELS), kind="text")
