"""Rows of mostly zeros stay sparse up to their batch, all the way through a search."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import dump_svmlight_file

import advisor
from studies.profiling.profile import profile
from studies.workload_opening import open_source

ROWS, COLUMNS = 300, 200


@pytest.fixture
def svmlight(tmp_path: Path) -> str:
    rows = sp.random(ROWS, COLUMNS, density=0.03, random_state=0, format="csr")
    labels = (rows @ np.random.default_rng(0).standard_normal(COLUMNS) > 0).astype(int)
    path = tmp_path / "rows.svmlight"
    dump_svmlight_file(rows, labels, str(path))
    return str(path)


def test_a_search_over_sparse_rows_ends_in_advice(svmlight, tmp_path):
    study = advisor.search(svmlight, budget="3trials", epochs=2, home=tmp_path / "home", tracking_uri="off")
    assert advisor.recommend(study, home=tmp_path / "home").quality > 0.5


def test_the_profile_of_sparse_rows_is_that_of_the_same_rows_dense(svmlight):
    workload = open_source(svmlight)
    facts = profile(workload, batch_size=32, epochs=1)
    dense = workload.dataset.train.inputs.toarray()
    spreads = dense.std(axis=0)
    assert facts.input_density == pytest.approx(np.count_nonzero(dense) / dense.size)
    assert facts.feature_scale_ratio == pytest.approx(spreads.max() / spreads[spreads > 0].min(), rel=1e-3)
    assert facts.input_density < 0.05
