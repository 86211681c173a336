"""Streams: data without a length, of which the rows held out never train."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import (
    IterableDataset,
)

from studies.errors import BadWorkload

from changing_rows import Endless, epochs, load


@pytest.mark.parametrize("random", [True, False], ids=["random", "fixed"])
def test_a_stream_never_trains_on_the_rows_that_it_validates_on(random):
    loaded = load(train=Endless(random=random), steps_per_epoch=400)
    held_out = {row.tobytes() for part in (loaded.dataset.valid, loaded.dataset.test) for row in part.inputs}
    for seed in (0, 1):
        [(inputs, _)] = epochs(loaded, 1, seed)
        assert len(inputs) == 6400
        assert not held_out & {row.tobytes() for row in inputs.numpy()}


def test_a_stream_that_ends_begins_anew_and_goes_on_from_epoch_to_epoch():
    loaded = load(train=Endless(300), steps_per_epoch=5)
    first, second, third = (inputs for inputs, _ in epochs(loaded, 3))

    assert not torch.isin(first, second).any()
    assert torch.isin(third[-1], torch.cat([first, second])).all()
    assert loaded.steps_per_epoch(16) == loaded.steps_per_epoch(64) == 5


def test_a_stream_that_repeats_rows_is_read_once_each():
    class Repeating(IterableDataset):
        def __iter__(self):
            yield from ((torch.tensor([float(row), row**2.0]), row % 2) for row in [*range(60), *range(60)])

    loaded = load(train=Repeating())
    assert sum(part.rows for part in (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)) == 60
    assert any(note.startswith("Left out 60 rows of the stream") for note in loaded.notes)


def test_a_stream_with_a_label_that_its_first_rows_do_not_have_is_told():
    class Growing(IterableDataset):
        def __iter__(self):
            for row in range(8000):
                yield torch.tensor([float(row % 7), row % 3.0]), row // 6000 + row % 2

    with pytest.raises(BadWorkload, match="label 2, which none of the first rows has"):
        epochs(load(train=Growing(), steps_per_epoch=600), 1)
