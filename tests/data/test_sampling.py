"""Sample of the training rows: nested, each class in its share, and nothing else of the dataset changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.data import sampling
from studies.data.opening import from_arrays, open_dataset
from studies.data.sampling import nested_order, sampled

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=6)


def codes_of(counts):
    return np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))


@pytest.fixture(scope="module")
def digits():
    return open_dataset("digits")


@given(counts=COUNTS)
def test_the_order_holds_every_row_once(counts):
    assert sorted(nested_order(codes_of(counts))) == list(range(sum(counts)))


@given(counts=COUNTS, share=st.floats(0.05, 1))
def test_a_beginning_of_the_order_has_each_class_in_its_share_and_at_least_once(counts, share):
    codes = codes_of(counts)
    rows = max(len(counts), int(share * len(codes)))
    drawn = np.bincount(codes[nested_order(codes)[:rows]], minlength=len(counts))

    assert (drawn >= 1).all()
    assert (np.abs(drawn - rows * np.array(counts) / sum(counts)) <= len(counts)).all()


@given(smaller=st.integers(20, 500), more=st.integers(0, 500))
def test_a_larger_sample_holds_every_row_of_a_smaller_one(digits, smaller, more):
    few, many = sampled(digits, smaller).train, sampled(digits, smaller + more).train

    assert few.rows == smaller
    assert {row.tobytes() for row in few.inputs} <= {row.tobytes() for row in many.inputs}


def test_a_sample_keeps_encoding_test_rows_and_digest(digits):
    sample = sampled(digits, 100)

    assert (sample.train.rows, sample.digest, sample.classes) == (100, digits.digest, digits.classes)
    assert sample.test is digits.test
    assert sample.valid is digits.valid


def test_a_sample_of_at_least_all_rows_is_the_dataset(digits):
    assert sampled(digits, digits.train.rows) is digits


def test_validation_rows_of_a_sample_are_at_most_a_number(monkeypatch):
    monkeypatch.setattr(sampling, "VALID_ROWS", 50)
    inputs = np.arange(1000, dtype=np.float32)[:, None]
    dataset = from_arrays((inputs, inputs[:, 0] % 7 + 0.5))

    assert sampled(dataset, 60).valid.rows == 50
    assert dataset.valid.rows == 200


def test_a_sparse_table_is_sampled_sparse():
    phishing = open_dataset("phishing")
    sample = sampled(phishing, 500)

    assert sample.train.inputs.shape[0] == len(sample.train.targets) == 500
    assert type(sample.train.inputs) is type(phishing.train.inputs)
