"""Sizes are looked at before memory is taken: what does not fit is refused in a line with both numbers."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from studies.data.opening import from_arrays, open_dataset
from studies.datasets.files import packing
from studies.datasets.files.sparse_rows import HASHED, MOST_COLUMNS, narrow
from studies.split_by import SplitBy

from tables import refusal

MEGABYTE = 1 << 20


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr(packing, "free_bytes", lambda: 2 * MEGABYTE)


def test_packed_text_that_unpacks_to_more_than_memory_is_refused_as_it_is_read(tmp_path, small_memory):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,kind\n" + b"1,x\n" * MEGABYTE))

    message = refusal(open_dataset, str(path), target="kind")

    assert "unpacks to more than the 1.6 MiB of memory" in message


def test_arrays_and_workbooks_that_unpack_to_more_than_memory_are_refused(tmp_path, small_memory):
    np.savez_compressed(tmp_path / "zeros.npz", X=np.zeros((MEGABYTE, 1)), y=np.zeros(MEGABYTE))
    pd.DataFrame({"a": range(40_000), "kind": "x"}).to_excel(tmp_path / "zeros.xlsx", index=False)

    assert "takes 16 MiB in memory, and 1.6 MiB may be used" in refusal(
        open_dataset, str(tmp_path / "zeros.npz")
    )
    assert "MiB may be used" in refusal(open_dataset, str(tmp_path / "zeros.xlsx"), target="kind")


def test_a_parquet_file_is_refused_by_the_rows_that_its_head_declares(tmp_path, small_memory):
    pd.DataFrame({"a": np.zeros(MEGABYTE), "kind": 1}).to_parquet(tmp_path / "zeros.parquet")

    assert "takes 16 MiB" in refusal(open_dataset, str(tmp_path / "zeros.parquet"), target="kind")


def test_an_array_whose_head_declares_more_than_there_is_is_refused(tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("X.npy", head.getvalue() + bytes(8))
        archive.writestr("y.npy", head.getvalue() + bytes(8))

    assert "has the shape (1000000000000,)" in refusal(open_dataset, str(tmp_path / "huge.npz"))


def test_sparse_rows_with_a_huge_index_lose_only_the_columns_that_nobody_uses(tmp_path):
    lines = [f"{row % 2} {1 + row % 7}:1 {2147480000 + row % 40}:{row + 1}\n" for row in range(100)]
    (tmp_path / "huge.svm").write_text("".join(lines))

    dataset = open_dataset(str(tmp_path / "huge.svm"))

    assert dataset.input_shape == (47,)
    assert any("no row has a number in them" in note for note in dataset.notes)
    message = refusal(open_dataset, str(tmp_path / "huge.svm"), split_by=SplitBy(time="x3"))
    assert "made dense, takes" in message


def test_sparse_rows_with_very_many_columns_in_use_are_hashed_the_same_way_every_time():
    width = MOST_COLUMNS + 5
    columns = np.arange(width) * 900
    rows = sparse.csr_matrix((np.ones(width), (np.arange(width) % 60, columns)), shape=(60, 2**30))
    notes: list[str] = []

    hashed, again = narrow(rows, notes), narrow(rows, [])

    assert hashed.shape == (60, HASHED)
    assert abs(hashed - again).sum() == 0
    assert abs(hashed.sum()) < 10 * np.sqrt(width)
    assert any("Hashed" in note for note in notes)


def test_sparse_rows_of_usual_width_are_left_as_they_are():
    rows = sparse.random(60, 500, density=0.05, random_state=0, format="csr", dtype=np.float32)

    assert (narrow(rows, notes := []) != rows).nnz == 0
    assert notes == []
    assert from_arrays((rows, np.arange(60) % 2)).input_shape == (500,)


@pytest.mark.parametrize(
    ("name", "way"), [("X.npy", "np.savez"), ("m.pkl", "Parquet"), ("d.zip", "data.csv.zip")]
)
def test_files_that_are_not_read_are_refused_with_the_way_out(tmp_path, name, way):
    (tmp_path / name).write_bytes(b"x")

    assert way in refusal(open_dataset, str(tmp_path / name), target="kind")
