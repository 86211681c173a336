"""Density: counted as the data came and as the model sees it; sparse inputs keep their zeros."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.data.inputs import SPARSE
from studies.data.opening import from_arrays, open_dataset
from studies.data.prepare import prepare
from studies.datasets import Raw
from studies.errors import BadWorkload
from studies.profiling.profile import profile
from studies.workload import Workload
from studies.workload_opening import open_source, reopen_workload, workload_from_code

ROWS = 200
LABELS = np.arange(ROWS) % 2


def counts(density: float, seed: int = 0, columns: int = 12) -> np.ndarray:
    """Return a table of counts, of which about this share is not zero; every column varies."""
    generator = np.random.default_rng(seed)
    values = generator.integers(1, 9, (ROWS, columns)) * (generator.random((ROWS, columns)) < density)
    values[: ROWS // 40] = 1
    values[ROWS // 40 : ROWS // 20] = 0
    return values.astype(float)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.integers(0, 99))
def test_a_column_of_numbers_is_shifted_unless_few_of_them_are_not_zero(density, seed):
    values = counts(density, seed)
    dataset = prepare(Raw(inputs=values, targets=LABELS), name="made", seed=0)
    before = prepare(Raw(inputs=values, targets=LABELS, centre_sparse=True), name="made", seed=0)
    sparse = (before.train.inputs != dataset.train.inputs).any(axis=0)
    zeros = (dataset.train.inputs == 0).mean(axis=0)

    assert dataset.train.inputs.std(axis=0) == pytest.approx(1, abs=1e-4)
    assert dataset.train.inputs[:, ~sparse].mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert (zeros[sparse] > 1 - SPARSE).all()
    assert any("without centring" in note for note in dataset.notes) == sparse.any()


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 1), st.integers(0, 99), st.sampled_from(["image", "signal"]))
def test_density_is_that_of_the_training_rows_as_they_came(density, seed, kind):
    values = counts(density, seed, columns=16)
    shape = (ROWS, 1, 4, 4) if kind == "image" else (ROWS, 2, 8)
    frame = prepare(Raw(inputs=pd.DataFrame(values), targets=LABELS), name="made", seed=0)
    shaped = prepare(Raw(inputs=values.reshape(shape), targets=LABELS, kind=kind), name="made", seed=0)

    assert frame.raw_density == pytest.approx(shaped.raw_density)
    assert frame.raw_density == pytest.approx((values != 0).mean(), abs=0.1)


def test_gaps_and_words_are_not_counted_as_zeros():
    frame = pd.DataFrame({"a": [0.0, 1.0, np.nan, 2.0] * 50, "b": ["x", "y", "z", "y"] * 50})
    dataset = prepare(Raw(inputs=frame, targets=LABELS), name="made", seed=0)

    assert dataset.raw_density == pytest.approx(6 / 7, abs=0.03)


def test_a_profile_tells_both_densities_of_digits_on_a_dark_ground():
    facts = profile(open_source("digits"), batch_size=32, epochs=1)

    assert facts.raw_density == pytest.approx(0.51, abs=0.01)
    assert facts.input_density == 1


def test_words_counted_in_an_array_are_as_sparse_to_the_model_as_they_came():
    workload = workload_from_code(Workload(train=(counts(0.02), LABELS)), source="made:made")
    facts = profile(workload, batch_size=32, epochs=1)

    assert facts.input_density == pytest.approx(facts.raw_density)
    assert facts.input_density < SPARSE


def test_a_study_of_an_earlier_version_goes_on_with_the_encoding_it_began_with(tmp_path):
    frame = pd.DataFrame(counts(0.02), columns=[f"x{n}" for n in range(12)])
    path = tmp_path / "words.csv"
    frame.assign(kind=LABELS).to_csv(path, index=False)
    new = open_source(str(path), target="kind")
    shifted = open_dataset(str(path), target="kind", centre_sparse=True)
    earlier = replace(new.spec(), digest=shifted.digest, centre_sparse=True)

    assert new.dataset.digest != shifted.digest
    assert reopen_workload(earlier).dataset.digest == shifted.digest
    assert reopen_workload(earlier).spec() == earlier
    assert reopen_workload(new.spec()).dataset.digest == new.dataset.digest
    assert type(earlier).from_dict({"source": "x"}).centre_sparse
    with pytest.raises(BadWorkload, match="has changed"):
        reopen_workload(replace(earlier, centre_sparse=False))


def test_memory_is_opened_with_either_encoding():
    rows = (counts(0.02), LABELS)

    assert from_arrays(rows, centre_sparse=True).digest != from_arrays(rows).digest
