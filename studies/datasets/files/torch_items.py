"""Torch items: rows of a map-style Dataset, each read with a seed of its own, in the order of a sampler."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import numpy as np

from studies.datasets.files.blocks import Block, Forms
from studies.errors import BadWorkload
from studies.rng import Generators

BATCH_ITEMS: Final = 256
"""Items that are read at a time where nobody said."""

Seeded = tuple[Hashable, int]
"""An item and the seed that it is read with."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Items:
    """Items of a map-style Dataset; which of them make an epoch, and in what order, says a sampler."""

    dataset: Any
    collate: Callable[[list[Any]], Any]
    forms: Forms
    batch_items: int = BATCH_ITEMS
    workers: int = 0
    loader_options: dict[str, Any] = field(default_factory=dict)
    items: Sequence[Hashable] = ()
    """The item of each row."""
    draws: Iterable[Any] | None = None
    """A sampler, or None for all items in random order."""
    draws_batches: bool = False
    """Whether the sampler draws several items at a time."""
    changing: bool = False
    repeatable: bool = True
    """Whether the same seeds bring the same rows: not where a Dataset has random generators of its own."""

    def batches(self, drawn: Sequence[Sequence[Seeded]], *, workers: int | None = None) -> Iterator[Block]:
        """Yield a batch for each list of items, read with their seeds; the caller's generators stay."""
        from torch.utils.data import DataLoader

        workers = self.workers if workers is None else workers
        options = self.loader_options if workers else {}
        generators = Generators(0)
        with generators.in_place():
            loader = iter(
                DataLoader(
                    _SeededItems(self.dataset),  # type: ignore[arg-type]
                    batch_sampler=drawn,  # type: ignore[arg-type]
                    collate_fn=_SeededCollate(self.collate),
                    num_workers=workers,
                    **options,
                )
            )
        for _ in drawn:
            with generators.in_place():
                batch = next(loader)
            yield self.forms.take(batch)

    def epoch_rows(self, known: int, rows: int) -> int:
        """Return how many rows an epoch has that draws from `rows` of the `known` ones."""
        try:
            drawn = len(self.draws)  # type: ignore[arg-type]
        except TypeError:
            return rows
        if self.draws_batches:
            return rows
        return max(2, round(drawn * rows / known))

    def order(self, positions: dict[Hashable, int], count: int, seed: int) -> list[int]:
        """Return the positions of `count` items in the order that the sampler draws them in.

        Items without a position are passed over, as if they were not there.

        Raises:
            BadWorkload: the sampler draws none of them.
        """
        order: list[int] = []
        with Generators(seed).in_place():
            while len(order) < count:
                drawn = [positions[item] for item in drawn_items(self, seed) if item in positions]
                order += drawn
                if not drawn:
                    raise BadWorkload(
                        "the sampler draws none of the rows that train; give valid= and test=, or another one"
                    )
                seed += 1
        return order[:count]


def drawn_items(items: Items, seed: int) -> Iterator[Hashable]:
    """Yield the items of one pass of the sampler, its own random generator seeded."""
    import torch

    sampler: Any = items.draws
    generator: Any = getattr(sampler, "generator", None)
    state = generator.get_state() if isinstance(generator, torch.Generator) else None
    if state is not None:
        generator.manual_seed(seed)
    if hasattr(sampler, "set_epoch"):
        sampler.set_epoch(seed % 2**31)
    try:
        yield from chain.from_iterable(sampler) if items.draws_batches else sampler
    finally:
        if state is not None:
            generator.set_state(state)


class _SeededItems:
    """Items of a Dataset, each read with a seed of its own, whichever process reads it."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __getitem__(self, draw: Seeded) -> tuple[int, Any]:
        item, seed = draw
        _seed_all(seed)
        return seed, self.dataset[item]


class _SeededCollate:
    """The collate function, called with the seed of the first item."""

    def __init__(self, collate: Callable[[list[Any]], Any]) -> None:
        self.collate = collate

    def __call__(self, read: list[tuple[int, Any]]) -> Any:
        _seed_all(read[0][0])
        return self.collate([item for _, item in read])


def _seed_all(seed: int) -> None:
    import torch

    torch.default_generator.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the global generator is what a user's code may draw from
    random.seed(seed)


def seeds_of(seed: int, count: int) -> list[int]:
    """Return a seed for each of so many items."""
    drawn = np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint64)
    return [int(value) for value in drawn]
