"""Sparse rows in the svmlight format stay sparse and train as dense ones do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.datasets import dump_svmlight_file
from torch import nn

from studies.data.opening import from_arrays, open_dataset
from studies.data.rows import first_rows, tensors
from studies.measure.outputs import outputs_of, settle

from sample_arrays import LABELS, ROWS, TABLE, parts, refusal

CPU = torch.device("cpu")


SPARSE = sparse.random(ROWS, 200, density=0.05, random_state=0, format="csr", dtype=np.float32)


@pytest.mark.parametrize("suffix", [".svmlight", ".libsvm", ".svm"])
def test_an_svmlight_file_stays_sparse(tmp_path, suffix):
    path = tmp_path / f"made{suffix}"
    dump_svmlight_file(SPARSE, LABELS, str(path))

    dataset = open_dataset(str(path))

    assert dataset.inputs.sparse
    assert (dataset.kind, dataset.task, dataset.outputs) == ("table", "classification", 2)
    assert all(sparse.issparse(part.inputs) and part.inputs.dtype == np.float32 for part in parts(dataset))
    assert [part.rows for part in parts(dataset)] == [36, 12, 12]
    assert abs(dataset.train.inputs).max() == 1
    assert open_dataset(str(path)).digest == dataset.digest


def test_rows_with_few_zeros_become_dense():
    dataset = from_arrays((sparse.csr_matrix(TABLE), LABELS))

    assert not dataset.inputs.sparse
    assert dataset.digest == from_arrays((TABLE, LABELS)).digest


def test_sparse_rows_train_and_evaluate_as_dense_ones_do():
    dataset = from_arrays((SPARSE, LABELS))
    rows, targets = tensors(dataset, "train", CPU)
    dense = torch.from_numpy(dataset.train.inputs.toarray())
    order = torch.randperm(len(rows))
    norm, model = nn.BatchNorm1d(200), nn.Linear(200, 2)

    settle(norm, rows, 5)

    assert len(rows) == len(targets) == len(dense)
    assert torch.equal(rows[order[:7]], dense[order[:7]])
    assert torch.equal(outputs_of(model, rows), outputs_of(model, dense))
    assert norm.running_mean.abs().sum() > 0
    assert torch.equal(first_rows(dataset.train, 2), dense[:2])


@pytest.mark.parametrize(
    ("values", "said"),
    [(np.zeros((ROWS, 3)), "all zeros"), (np.diag([np.inf] * ROWS), "missing or infinite")],
)
def test_sparse_rows_that_cannot_be_used_are_refused(values, said):
    assert said in refusal(from_arrays, (sparse.csr_matrix(values), LABELS))
