"""Rows that change: torch data that differs at each reading, opened, and the epochs that training gets."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import (
    Dataset,
    IterableDataset,
)

from studies.data.feed import Feed
from studies.workload import Workload
from studies.workload_opening import workload_from_code

ROWS = 120


class Augmented(Dataset):
    """Images whose first pixel names the row, the others noisy at each reading."""

    def __init__(self, noise="torch", rows=ROWS, first=0):
        self.pixels = np.random.default_rng(first).normal(size=(rows, 1, 4, 4)).astype("float32")
        self.labels = (self.pixels.sum((1, 2, 3)) > 0).astype(int)
        self.pixels[:, 0, 0, 0] = np.arange(first, first + rows)
        self.noise = noise
        self.generator = np.random.default_rng()

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, item):
        if item >= len(self):
            raise IndexError(item)
        image, label = self.pixels[item].copy(), int(self.labels[item])
        if self.noise == "torch":
            image[0, 1:] += torch.randn(3, 4).numpy()
        elif self.noise == "numpy":
            image[0, 1:] += np.random.normal(size=(3, 4)).astype("float32")  # noqa: NPY002 - as people write it
        elif self.noise == "own":
            image[0, 1:] += self.generator.normal(size=(3, 4)).astype("float32")
        return torch.from_numpy(image), label


class Endless(IterableDataset):
    """Rows of numbers whose first says how far the stream is, in one order or random."""

    def __init__(self, rows=None, random=False, columns=4):
        self.rows, self.random, self.columns = rows, random, columns

    def __iter__(self):
        generator, number = np.random.default_rng(0), 0
        while self.rows is None or number < self.rows:
            drawn = torch.randn(self.columns).numpy() if self.random else generator.normal(size=self.columns)
            yield torch.tensor(drawn, dtype=torch.float32), int(drawn[-1] > 0)
            number += 1


def load(**described):
    return workload_from_code(Workload(**described), source="")


def epochs(loaded, count=2, seed=0, batch_size=16):
    """Return inputs and targets of so many epochs, as the model gets them."""
    feed, order = Feed(loaded.dataset, seed, torch.device("cpu")), torch.Generator().manual_seed(seed)
    size = min(batch_size, loaded.rows)
    steps = loaded.steps_per_epoch(size)
    whole = []
    for _ in range(count):
        drawn = [draw() for _, draw in feed.epoch(order, size, steps)]
        whole.append(tuple(torch.cat(parts) for parts in zip(*drawn, strict=True)))
    return whole
