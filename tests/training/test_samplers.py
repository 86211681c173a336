"""Samplers and collate functions: they draw among the rows that train, and no row is in two parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from studies.errors import BadWorkload

from changing_rows import ROWS, Augmented, epochs, load


class Backwards(Sampler):
    """A sampler of somebody's own, which repeats each item."""

    def __init__(self, rows):
        self.rows = rows

    def __iter__(self):
        return iter([item for item in range(self.rows - 1, -1, -1) for _ in range(2)])

    def __len__(self):
        return 2 * self.rows


SAMPLERS = {
    "weighted": lambda data, draw: {
        "sampler": WeightedRandomSampler(draw.random(len(data)) + 0.1, len(data))
    },
    "own generator": lambda data, draw: {
        "sampler": WeightedRandomSampler(draw.random(len(data)) + 0.1, 50, generator=torch.Generator())
    },
    "replacement": lambda data, draw: {"sampler": RandomSampler(data, replacement=True)},
    "subset": lambda data, draw: {"sampler": SubsetRandomSampler(draw.permutation(len(data))[:70].tolist())},
    "own": lambda data, draw: {"sampler": Backwards(len(data))},
    "batches": lambda data, draw: {"batch_sampler": OwnBatches(Backwards(len(data)), 10, drop_last=False)},
}


class OwnBatches(BatchSampler):
    """A batch sampler of somebody's own."""


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(SAMPLERS)), st.integers(0, 100))
def test_whatever_a_sampler_repeats_no_row_is_in_two_parts_or_trains_from_another(kind, seed):
    draw = np.random.default_rng(seed)
    data = TensorDataset(
        torch.from_numpy(draw.normal(size=(ROWS, 4)).astype("float32")),
        torch.from_numpy(draw.integers(0, 2, ROWS)),
    )
    loaded = load(train=DataLoader(data, **SAMPLERS[kind](data, draw)))
    train, *others = (
        {row.tobytes() for row in part.inputs}
        for part in (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)
    )

    assert len(train) == loaded.dataset.train.rows
    assert not train & others[0]
    assert not (train | others[0]) & others[1]
    for inputs, _ in epochs(loaded):
        assert {row.tobytes() for row in inputs.numpy()} <= train


def test_a_sampler_weighs_the_rows_that_train_as_it_weighs_all():
    labels = torch.arange(400) % 10 // 9
    weights = torch.where(labels == 1, 9.0, 1.0)
    loader = DataLoader(
        TensorDataset(torch.randn(400, 3), labels), 8, sampler=WeightedRandomSampler(weights, 400)
    )
    loaded = load(train=loader)
    targets = torch.cat([targets for _, targets in epochs(loaded, 10)]).double()

    assert abs(float(targets.mean()) - 0.5) < 0.06
    assert loaded.steps_per_epoch(16) == 15
    assert "sampler" in loaded.notes[-1]


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_sampler_draws_among_the_rows_of_a_sample(kind):
    draw = np.random.default_rng(0)
    loaded = load(train=DataLoader(Augmented(), **SAMPLERS[kind](Augmented(), draw)))
    sample = loaded.on_sample(30)
    names = {float(name) for name in sample.dataset.train.inputs[:, 0, 0, 0]}

    assert len(names) == 30
    for inputs, _ in epochs(sample):
        assert {float(name) for name in inputs[:, 0, 0, 0]} <= names


def without_some(items):
    """Leave out the items that are broken, as people's collate functions do."""
    return default_collate([item for item in items if item[0][0, 0, 0] % 5])


def twice(items):
    return default_collate([*items, *items])


def test_a_collate_function_may_leave_items_out_and_may_not_double_them():
    loaded = load(train=DataLoader(Augmented(), 16, collate_fn=without_some))
    parts = (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)

    assert sum(part.rows for part in parts) == ROWS * 4 // 5
    assert len(epochs(loaded)[0][0]) == loaded.rows
    with pytest.raises(BadWorkload, match="collate_fn makes 2 rows of one item"):
        load(train=DataLoader(Augmented(), 16, collate_fn=twice))
