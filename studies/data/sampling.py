"""Sample of a dataset: part of its training rows, nested, so that a larger one holds every smaller one.

A search that cannot afford all rows trains on a sample and validates on part of the validation rows; what is
tested stays whole.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from studies.data.dataset import Dataset, Part

VALID_ROWS: Final = 20_000
"""Most rows that validate a search on a sample: with 100 mistakes among them the noise of the rows is below
what one seed leaves (see `advisor.decide.scale`), and more would take longer than the training."""
SEED: Final = 0
"""One order of the rows whatever the study's seed: the same sample for every recipe, seed and resume."""


@lru_cache(maxsize=6)
def sampled(dataset: Dataset, rows: int) -> Dataset:
    """Return the dataset with so many of its training rows, each class in its share and at least once.

    It has the encoding, the test rows and the digest of the whole; the last few are cached, since every trial
    asks for the same.
    """
    if rows >= dataset.train.rows:
        return dataset
    by_class = bool(dataset.classes)
    train, chosen = _rows_of(dataset.train, rows, by_class=by_class)
    valid, _ = _rows_of(dataset.valid, min(VALID_ROWS, dataset.valid.rows), by_class=by_class)
    fresh = dataset.fresh and dataset.fresh.part(chosen)
    return replace(dataset, train=train, valid=valid, positions=None, redraw=None, fresh=fresh)


def nested_order(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows in an order of which every beginning is a sample with each class in its share.

    The first row of each class comes before all others.
    """
    shuffled = np.random.default_rng(SEED).permutation(len(codes))
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    counts = np.bincount(codes)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.arange(len(codes)) - starts
    place = np.where(rank == 0, -1.0, (rank + 0.5) / counts[codes[by_class]])
    return np.asarray(by_class[np.argsort(place, kind="stable")])


def _rows_of(part: Part, rows: int, *, by_class: bool) -> tuple[Part, NDArray[np.int64]]:
    """Return so many rows of a part, in the order in which they lie there, and which these are."""
    if rows >= part.rows:
        return part, np.arange(part.rows)
    codes = part.targets if by_class else np.zeros(part.rows, np.int64)
    chosen = np.sort(nested_order(codes.astype(np.int64, copy=False))[:rows])
    return Part(inputs=part.inputs[chosen], targets=part.targets[chosen]), chosen
