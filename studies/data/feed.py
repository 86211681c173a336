"""Feed of a training run: the batches of each epoch, from memory, from items read anew or from a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from studies.data.dataset import Dataset
from studies.data.fresh import FreshRows
from studies.data.rows import on_device, tensors

Draw = Callable[[], tuple[Any, Any]]
"""Returns inputs and targets of a batch, on the device."""


class Feed:
    """Feed of one training run.

    Args:
        dataset: what is trained on.
        seed: of the run.
        device: where batches go.
    """

    def __init__(self, dataset: Dataset, seed: int, device: torch.device) -> None:
        self.dataset, self.seed, self.device = dataset, seed, device
        self.rows_read = 0
        """Rows of a stream that whole epochs have read."""
        self._reader: Any = None

    def epoch(self, order: torch.Generator, batch_size: int, steps: int) -> Iterator[tuple[int, Draw]]:
        """Yield the number of rows of each batch of an epoch, and what draws it.

        Args:
            order: the run's own generator for the order of its rows.
            batch_size: rows a step.
            steps: of the epoch.
        """
        fresh = self.dataset.fresh
        if fresh and fresh.is_stream:
            yield from self._from_stream(fresh, batch_size, steps)
            return
        batches = torch.split(self._order(order).to(self.device), batch_size)[:steps]
        if fresh and fresh.live.changing and fresh.code:
            yield from self._read_anew(fresh, batches, _seed(order))
            return
        inputs, targets = tensors(self.dataset, "train", self.device)
        for batch in batches:
            yield len(batch), partial(_gathered, inputs, targets, batch)

    def _order(self, order: torch.Generator) -> torch.Tensor:
        fresh = self.dataset.fresh
        drawn = fresh.order(_seed(order)) if fresh else None
        if drawn is not None:
            return torch.tensor(drawn)
        return torch.randperm(self.dataset.train.rows, generator=order)

    def _read_anew(
        self, fresh: FreshRows, batches: tuple[torch.Tensor, ...], seed: int
    ) -> Iterator[tuple[int, Draw]]:
        rows = [batch.cpu().numpy() for batch in batches]
        for inputs, targets in fresh.batches(rows, seed):
            yield len(inputs), self._moved(inputs, targets)

    def _from_stream(self, fresh: FreshRows, batch_size: int, steps: int) -> Iterator[tuple[int, Draw]]:
        if self._reader is None or self._reader.rows_read != self.rows_read:
            self._reader = fresh.reader(self.seed)
            self._reader.forward_to(self.rows_read)
        for _ in range(steps):
            yield batch_size, self._moved(*fresh.coded(*self._reader.read(batch_size)))
        self.rows_read = self._reader.rows_read

    def _moved(self, inputs: Any, targets: Any) -> Draw:
        """Return what brings a batch to the device; inputs that are their own targets are there once."""

        def draw() -> tuple[Any, Any]:
            moved = on_device(inputs, self.device)
            return moved, moved if targets is inputs else on_device(targets, self.device)

        return draw


def _gathered(inputs: Any, targets: Any, batch: torch.Tensor) -> tuple[Any, Any]:
    return _taken(inputs, batch), _taken(targets, batch)


def _taken(rows: Any, batch: torch.Tensor) -> Any:
    """Return some rows; of a tensor in the faster of two ways, which is no slower for numbers of any type."""
    if isinstance(rows, torch.Tensor) and rows.is_contiguous():
        return rows.index_select(0, batch)
    return rows[batch]


def _seed(order: torch.Generator) -> int:
    return int(torch.randint(2**31, (), generator=order))
