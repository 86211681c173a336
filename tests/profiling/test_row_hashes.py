"""Row hashes: equal for equal rows, and only for these."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from studies.data.dataset import Part
from studies.profiling.row_hashes import row_hashes

TABLES = st.lists(
    st.lists(st.sampled_from((0.0, -0.0, 1.0, 1e-30, -1.0)), min_size=3, max_size=3), min_size=1
)
FORMS = {
    "float32": lambda rows: np.array(rows, np.float32),
    "ids": lambda rows: (np.array(rows) * 7).astype(np.int64),
    "images": lambda rows: np.array(rows, np.float32).reshape(len(rows), 1, 3, 1),
    "sparse": lambda rows: sparse.csr_matrix(np.array(rows, np.float32)),
}


def key(inputs, targets):
    """Return the bytes of each row; sparse rows by what they hold."""
    if sparse.issparse(inputs):
        inputs = inputs.toarray() + 0.0
    return [row.tobytes() + target.tobytes() for row, target in zip(inputs, targets, strict=True)]


@pytest.mark.parametrize("form", FORMS)
@given(rows=TABLES, classes=st.integers(1, 2))
def test_rows_have_the_same_hash_if_and_only_if_they_are_the_same(form, rows, classes):
    inputs, targets = FORMS[form](rows), np.arange(len(rows)) % classes
    hashes, keys = row_hashes(Part(inputs=inputs, targets=targets)), key(inputs, targets)

    assert len(set(hashes.tolist())) == len(set(keys))
    assert len(set(zip(hashes.tolist(), keys, strict=True))) == len(set(keys))


def test_targets_of_several_numbers_count():
    inputs = np.zeros((2, 3), np.float32)
    one, two = row_hashes(Part(inputs=inputs, targets=np.array([[1, 2], [1, 3]], np.float32)))

    assert one != two
