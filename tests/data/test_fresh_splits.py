"""Fresh splits: other rows train and validate, those that test stay, what is fitted is fitted anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.data.dataset import redrawn
from studies.data.opening import from_arrays
from studies.data.prepare import REDRAWN_ROWS, prepare
from studies.data.splits import redraw_rows, split_rows
from studies.datasets import Raw
from studies.workload_opening import open_source

from tables import ROWS, column, prepared, table

FIXED = """
import torch

def net():
    return torch.nn.Linear({columns}, 2)
"""


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    seed=st.integers(0, 100),
    split_seed=st.integers(0, 100),
)
def test_the_test_rows_stay_and_each_class_keeps_its_share(counts, seed, split_seed):
    groups = np.repeat(np.arange(len(counts)), counts)
    split = split_rows(groups, seed=seed)
    drawn, again = (redraw_rows(split, groups, seed=split_seed) for _ in range(2))

    assert np.array_equal(drawn.test, split.test)
    assert sorted([*drawn.train, *drawn.valid]) == sorted([*split.train, *split.valid])
    for part in ("train", "valid"):
        assert np.array_equal(getattr(drawn, part), getattr(again, part))
        before, after = (np.bincount(groups[getattr(rows, part)], minlength=9) for rows in (split, drawn))
        assert np.array_equal(before, after)


def test_another_seed_draws_other_rows():
    dataset = prepared(table())

    assert redrawn(dataset, 1).digest != redrawn(dataset, 2).digest
    assert redrawn(dataset, 1).digest != dataset.digest


@pytest.mark.parametrize("split_seed", [1, 2, 3])
def test_what_is_fitted_is_fitted_on_the_new_training_rows(split_seed):
    fresh = redrawn(prepared(table()), split_seed)

    assert column(fresh, "size")[: fresh.train.rows].mean() == pytest.approx(0, abs=1e-6)
    assert column(fresh, "size")[: fresh.train.rows].std() == pytest.approx(1, abs=1e-5)


def test_validation_rows_that_came_with_the_data_are_never_exchanged():
    rows = np.arange(40.0)[:, None], np.arange(40) % 2

    assert from_arrays(rows, valid=rows).redraw is None
    assert from_arrays(rows, valid=rows, test=rows).redraw is None


def test_test_rows_that_came_with_the_data_stay_the_test_rows():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    labels = np.arange(60) % 2
    dataset = from_arrays((rows[:50], labels[:50]), test=(rows[50:], labels[50:]))
    fresh = redrawn(dataset, 3)

    assert np.array_equal(fresh.test.targets, labels[50:])
    assert not np.array_equal(fresh.valid.inputs, dataset.valid.inputs)


def test_so_many_validation_rows_say_the_same_on_any_split():
    rows = 5 * REDRAWN_ROWS + 10
    noise = np.random.default_rng(0).normal(size=(rows, 1))
    many = prepare(Raw(inputs=noise, targets=np.arange(rows) % 2), name="many", seed=0)
    few = prepare(Raw(inputs=noise[:100], targets=np.arange(100) % 2), name="few", seed=0)

    assert many.redraw is None
    assert few.redraw is not None


def test_a_model_made_for_so_many_columns_is_given_no_other_number(tmp_path):
    """A label that only some splits train on is a column on some splits only."""
    labels = ["rare" if row < 2 else "ab"[row % 2] for row in range(ROWS)]
    frame = pd.DataFrame({"letter": labels, **table()})
    frame.to_csv(tmp_path / "letters.csv", index=False)
    path, net = str(tmp_path / "letters.csv"), tmp_path / "net.py"
    columns = open_source(path, target="kind", model="mlp").dataset.input_shape[0]
    net.write_text(FIXED.format(columns=columns))
    fixed = open_source(path, target="kind", model=f"{net}:net")
    free = open_source(path, target="kind", model="mlp")
    seeds = range(1, 30)
    widths = {seed: free.on_split(seed).dataset.input_shape[0] for seed in seeds}

    assert len(set(widths.values())) > 1
    assert [seed for seed in seeds if fixed.split_seed(seed)] == [
        seed for seed in seeds if widths[seed] == columns
    ]
    assert all(free.split_seed(seed) == seed for seed in seeds)
    assert free.on_split(None) is free
