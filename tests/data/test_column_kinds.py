"""Every kind of column turns new rows into inputs as it did those trained on, also once read from JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.data.columns.table_encoder import KINDS, TableEncoder
from studies.data.encode import encode
from studies.data.prepare import prepare
from studies.data.raw import split_of, targets_of
from studies.data.target_encoder import TargetEncoder
from studies.datasets import Raw

from drawn_tables import raw_tables
from tables import ROWS, prepared, table

MIXED = table(
    price=[f"${100 * row + 1000:,}" for row in range(ROWS)],
    tame=["yes", "No"] * 50,
    when=pd.date_range("2020-01-01", periods=ROWS, freq="37h").astype(str),
    colour=["red", "blue", None, "NA"] * 25,
    notes=[
        f"a long sentence about animal {row} and its {'big' if row % 3 else 'small'} house"
        for row in range(ROWS)
    ],
    name=[f"animal {row}" for row in range(ROWS)],
    planet="Earth",
    nothing=np.nan,
)
ODD_CELLS = [
    None,
    "",
    "soon",
    "-",
    "1e400",
    "-7",
    12,
    3.5,
    True,
    float("nan"),
    "Ünïcode",
    pd.Timestamp("2031-02-03"),
    "(1,2",
]


def test_every_kind_has_a_table_that_shows_it():
    kinds = {column.kind for column in prepared(MIXED).columns} | {"text"}

    assert kinds == {kind.kind for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_kind_says_in_its_docstring_what_it_is(kind):
    assert kind.__doc__.startswith("Column ")


def test_unseen_values_are_inputs_too_whatever_they_are():
    encoder = prepared(MIXED).encoder
    odd = pd.DataFrame({name: pd.Series(ODD_CELLS, dtype=object) for name in MIXED.columns})

    inputs = encoder.transform(odd)

    assert inputs.shape == (len(ODD_CELLS), len(encoder.names))
    assert np.isfinite(inputs).all()


def test_text_alone_is_read_back_and_takes_unseen_words():
    frame = pd.DataFrame({"review": MIXED["notes"]})
    encoded = encode(frame, np.arange(80))
    again = TableEncoder.from_dict(json.loads(json.dumps(encoded.encoder.to_dict())))

    assert encoded.kind == "text"
    assert np.array_equal(again.transform(frame), encoded.inputs)
    assert again.transform(pd.DataFrame({"review": ["zebra", None, True]})).max() <= 1, "padding or unknown"


@settings(max_examples=300, deadline=None)
@given(frame=raw_tables(), seed=st.integers(0, 5))
def test_raw_rows_become_the_inputs_and_targets_of_their_dataset_bit_for_bit_also_from_json(frame, seed):
    frame.loc[len(frame) - 1, "label"] = frame.loc[0, "label"]
    raw = Raw(inputs=frame.drop(columns="label"), targets=frame["label"])
    dataset = prepare(raw, name="any", seed=seed)
    targets = targets_of(raw, "auto", [])
    split = split_of(raw, targets, seed, [])
    encoder = TableEncoder.from_dict(json.loads(json.dumps(dataset.encoder.to_dict())))
    target_encoder = TargetEncoder.from_dict(json.loads(json.dumps(dataset.target_encoder.to_dict())))

    assert encoder == dataset.encoder
    assert encoder.names == dataset.feature_names
    for part, rows in (
        (dataset.train, split.train),
        (dataset.valid, split.valid),
        (dataset.test, split.test),
    ):
        chosen = targets.rows[rows]
        assert np.array_equal(encoder.transform(raw.inputs.iloc[chosen]), part.inputs)
        assert np.array_equal(target_encoder.transform(raw.targets.iloc[chosen]), part.targets)


def test_the_table_of_columns_says_what_each_became_and_why_it_was_left_out():
    readings = {reading.name: reading for reading in prepared(MIXED).columns}

    assert readings["price"].kind == "number"
    assert "'$1,000' as 1000" in readings["price"].done
    assert readings["colour"].missing == 25
    assert readings["colour"].levels == 3
    assert "names the row" in readings["name"].left_out
    assert "same in every" in readings["planet"].left_out
    assert "empty in every" in readings["nothing"].left_out
    assert [reading.name for reading in prepared(MIXED).columns] == list(MIXED.drop(columns="kind"))
