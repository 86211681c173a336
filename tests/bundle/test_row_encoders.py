"""Row encoders: rows of every form, also as they come later, become the inputs that training had of them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from scipy import sparse

from studies.bundle.row_remarks import RowRemarks
from studies.bundle.rows_in import inputs_of
from studies.bundle.table_rows import as_frame
from studies.data.opening import from_arrays
from studies.data.row_encoders.placed import placed
from studies.data.row_encoders.written import KINDS, encoder_from_dict, encoder_to_dict
from studies.datasets.files import mapped
from studies.errors import BadWorkload

RANDOM = np.random.default_rng(0)
ROWS = 40
LABELS = np.array(["yes", "no"] * (ROWS // 2))
FORMS = {
    "images": (RANDOM.random((ROWS, 3, 6, 5), dtype="float32"), {}),
    "images, channels last": (RANDOM.random((ROWS, 6, 5, 3), dtype="float32"), {}),
    "images of bytes": (RANDOM.integers(0, 255, (ROWS, 6, 6)), {}),
    "signals": (RANDOM.normal(size=(ROWS, 2, 9)), {"kind": "signal"}),
    "steps": (RANDOM.normal(size=(ROWS, 9, 2)), {"kind": "steps"}),
    "signals turned": (RANDOM.normal(size=(ROWS, 9, 2)), {"kind": "turned"}),
    "nearly empty images": ((RANDOM.random((ROWS, 1, 6, 6)) < 0.03).astype("float32"), {}),
    "token ids": (RANDOM.integers(1, 30, (ROWS, 7)), {"kind": "text"}),
    "a table": (RANDOM.normal(size=(ROWS, 4)), {}),
    "sparse rows": (sparse.random(ROWS, 50, density=0.1, random_state=0, format="csr"), {}),
    "sparse rows that are dense": (sparse.random(ROWS, 6, density=0.9, random_state=0, format="csr"), {}),
    "sentences": (np.array([f"the {n} dog saw {n % 7} old cats" for n in range(ROWS)]), {"kind": "text"}),
    "several inputs": ({"left": RANDOM.normal(size=(ROWS, 3)), "ids": RANDOM.integers(0, 9, (ROWS, 2))}, {}),
}


def same_rows(left, right):
    if hasattr(left, "parts"):
        return all(map(same_rows, left.leaves(), right.leaves()))
    dense = [rows.toarray() if hasattr(rows, "nnz") else np.asarray(rows[:]) for rows in (left, right)]
    return dense[0].dtype == dense[1].dtype and np.array_equal(*dense)


def places_of(encoder, rows, part):
    """Return the raw rows that a part holds, told by what the encoder makes of all rows."""
    encoded = encoder.transform(rows)
    leaf = next(encoded.leaves()) if hasattr(encoded, "parts") else encoded
    wanted = next(part.leaves()) if hasattr(part, "parts") else part
    dense, parts = (rows.toarray() if hasattr(rows, "nnz") else rows[:] for rows in (leaf, wanted))
    keys = [row.tobytes() for row in dense]
    return [keys.index(row.tobytes()) for row in parts]


def taken(rows, places):
    return {name: part[places] for name, part in rows.items()} if isinstance(rows, dict) else rows[places]


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_a_form_become_the_inputs_of_their_dataset_also_from_json(form):
    rows, options = FORMS[form]
    dataset = from_arrays((rows, LABELS), **options)
    encoder = dataset.encoder
    again = encoder_from_dict(json.loads(json.dumps(encoder_to_dict(encoder))))

    for part in (dataset.train, dataset.valid, dataset.test):
        for each in (encoder, again):
            if form == "a table" or "dense" in form or form == "sentences":
                chosen = as_frame(each, rows)
                places = places_of(each, chosen, part.inputs)
                assert same_rows(each.transform(chosen.iloc[places]), part.inputs)
                continue
            places = places_of(each, rows, part.inputs)
            assert same_rows(each.transform(taken(rows, places)), part.inputs)


def test_the_forms_cover_every_kind_of_encoder(tmp_path, monkeypatch):
    kinds = {from_arrays((rows, LABELS), **options).encoder.kind for rows, options in FORMS.values()}

    assert kinds | {"scaled numbers"} == {kind.kind for kind in KINDS}


def test_rows_of_a_mapped_file_become_the_inputs_that_were_read_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped, "MAPPED_BYTES", 100)
    rows = RANDOM.normal(size=(ROWS, 4))
    rows[3, 2] = np.nan
    np.save(tmp_path / "X.npy", rows)
    dataset = from_arrays((np.load(tmp_path / "X.npy", mmap_mode="r"), LABELS))
    encoder = encoder_from_dict(json.loads(json.dumps(encoder_to_dict(dataset.encoder))))

    assert encoder.kind == "scaled numbers"
    assert same_rows(encoder.transform(rows[dataset.valid.inputs.rows]), dataset.valid.inputs)


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_another_shape_are_refused_in_words(form):
    rows, options = FORMS[form]
    if form in {"several inputs", "sparse rows", "sentences"}:
        pytest.skip("it takes rows of any width")
    encoder = from_arrays((rows, LABELS), **options).encoder

    with pytest.raises(BadWorkload):
        inputs_of(encoder, np.ones((2, 40, 41), int), RowRemarks())


@settings(max_examples=100, deadline=None)
@given(
    rows=numpy_st.arrays("float32", st.tuples(*[st.integers(1, 4)] * 4), elements=st.floats(-1, 1, width=32))
)
def test_channels_may_come_last(rows):
    shape = rows.shape[1:]
    last = np.moveaxis(rows, 1, -1)

    assert placed(rows, shape) is rows
    if last.shape[1:] != shape:
        assert np.array_equal(placed(last, shape), rows)
