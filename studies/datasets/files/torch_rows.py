"""Torch data: read once for all that is measured, and kept at hand where its rows change at each reading."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from studies.datasets.files.blocks import Block, Forms, TorchRows, rows_in, same
from studies.datasets.files.torch_items import BATCH_ITEMS, Items, drawn_items, seeds_of
from studies.datasets.files.torch_streams import read_stream
from studies.errors import BadWorkload
from studies.rng import Generators
from studies.user_code import code_line

if TYPE_CHECKING:
    import torch

COMPARED_ITEMS: Final = 64
"""Items that are read three times to see whether they change: a change in one item of ten shows in all but
one of 800 datasets."""
SAMPLER_PASSES: Final = 5
"""Passes of a sampler of the user's own that repeats items, to see which it draws."""


def read_torch(source: Any, forms: Forms, *, steps: int | None) -> TorchRows | None:
    """Read a torch Dataset or DataLoader once; None for anything else.

    A DataLoader's sampler has no say in it: a row that it draws twice would train and validate.

    Args:
        source: what was handed over.
        forms: how its batches become arrays.
        steps: of an epoch, where the data is a stream that is not read to its end.

    Raises:
        BadWorkload: items that are no pairs of inputs and targets, or an endless stream without steps.
    """
    from torch.utils.data import DataLoader, Dataset, IterableDataset

    if not isinstance(source, DataLoader | Dataset):
        return None
    dataset = source.dataset if isinstance(source, DataLoader) else source
    try:
        if isinstance(dataset, IterableDataset) or (isinstance(source, DataLoader) and _is_opaque(source)):
            return read_stream(source, forms, steps=steps)
        return _read_items(_items_of(source, forms), type(source).__name__)
    except BadWorkload:
        raise
    except Exception as error:  # whatever the user's own dataset raises
        must = "must give pairs of inputs and targets as tensors"
        raise BadWorkload(f"the {type(source).__name__} {must}: {code_line(error, longest=200)}") from error


def _is_opaque(loader: torch.utils.data.DataLoader[Any]) -> bool:
    """Tell whether a loader's Dataset makes whole batches, so that nothing says which rows are which."""
    return loader.batch_sampler is None


def _items_of(source: Any, forms: Forms) -> Items:
    """Return the items of a Dataset or a loader, and its sampler where that is not plain."""
    from torch.utils.data import BatchSampler, DataLoader, default_collate

    if not isinstance(source, DataLoader):
        return Items(dataset=source, collate=default_collate, forms=forms, items=range(len(source)))
    batch_sampler: Any = source.batch_sampler
    items: Sequence[Hashable]
    if batches := type(batch_sampler) is not BatchSampler:
        draws, items = (
            batch_sampler,
            _repeated(
                Items(
                    dataset=source.dataset,
                    collate=source.collate_fn,
                    forms=forms,
                    draws=batch_sampler,
                    draws_batches=True,
                )
            ),
        )
    else:
        draws, items = _sampled(source, forms)
    return Items(
        dataset=source.dataset,
        collate=source.collate_fn,
        forms=forms,
        batch_items=source.batch_size or BATCH_ITEMS,
        workers=_workers(source.num_workers),
        loader_options={
            "worker_init_fn": source.worker_init_fn,
            "multiprocessing_context": source.multiprocessing_context,
            "timeout": source.timeout,
            "prefetch_factor": source.prefetch_factor,
        },
        items=items,
        draws=draws,
        draws_batches=batches,
    )


def _workers(count: int) -> int:
    """Return how many processes read: a process that belongs to another one may start none."""
    return 0 if multiprocessing.current_process().daemon else min(count, os.cpu_count() or 1)


def _sampled(loader: torch.utils.data.DataLoader[Any], forms: Forms) -> tuple[Any, Sequence[Hashable]]:
    """Return the sampler, None for a plain one, and all items that it may draw."""
    from torch.utils.data import (
        RandomSampler,
        SequentialSampler,
        SubsetRandomSampler,
        WeightedRandomSampler,
    )

    sampler, whole = loader.sampler, range(len(loader.dataset))  # type: ignore[arg-type]
    if isinstance(sampler, SequentialSampler):
        size = loader.batch_size or 1
        return None, whole[: len(whole) // size * size] if loader.drop_last else whole
    if isinstance(sampler, RandomSampler):
        return None if not sampler.replacement and sampler.num_samples == len(whole) else sampler, whole
    if isinstance(sampler, WeightedRandomSampler):
        return sampler, [item for item in whole if sampler.weights[item] > 0]
    if isinstance(sampler, SubsetRandomSampler):
        return None, list(sampler.indices)
    drawn = Items(dataset=loader.dataset, collate=loader.collate_fn, forms=forms, draws=sampler)
    return sampler, _repeated(drawn)


def _repeated(drawn: Items) -> list[Hashable]:
    """Return the items that a sampler of the user's own draws, each once, in their order."""
    most, items = 2 * len(drawn.dataset), dict[Hashable, None]()
    for seed in range(SAMPLER_PASSES):
        with Generators(seed).in_place():
            count = 0
            for item in drawn_items(drawn, seed):
                items[item] = None
                count += 1
                if count > most:
                    break
        if count == len(items) and not seed:
            break
    try:
        return sorted(items)  # type: ignore[type-var]
    except TypeError:
        return list(items)


def _read_items(items: Items, name: str) -> TorchRows:
    """Read every item once, and some of them again to see whether they change."""
    if not len(items.items):
        raise BadWorkload(f"the {name} is empty; add rows to train on")
    block, of_rows = _read_all(items)
    changing, repeatable = _changes(items)
    live = replace(items, items=of_rows, changing=changing, repeatable=repeatable)
    plain = not changing and items.draws is None
    return TorchRows(block=block, live=None if plain else live, changing=changing)


def _read_all(items: Items) -> tuple[Block, Sequence[Hashable]]:
    """Return every item once, and the item of each row: a collate function may leave some out."""
    draws = list(zip(items.items, seeds_of(0, len(items.items)), strict=True))
    size = items.batch_items
    grouped = [draws[start : start + size] for start in range(0, len(draws), size)]
    blocks = list(items.batches(grouped))
    if all(rows_in(block) == len(batch) for block, batch in zip(blocks, grouped, strict=True)):
        return items.forms.join(blocks), items.items
    of_rows, blocks = list[Hashable](), []
    for draw in draws:
        try:
            [block] = items.batches([[draw]], workers=0)
        except Exception:  # noqa: BLE001, S112 - what a collate function makes of a batch that it left empty
            continue
        if (count := rows_in(block)) > 1:
            raise BadWorkload(
                f"collate_fn makes {count} rows of one item, which could train and validate; "
                "make one row of each"
            )
        if count:
            blocks.append(block)
            of_rows.append(draw[0])
    if not blocks:
        raise BadWorkload("collate_fn makes no row of any item; make one row of each")
    return items.forms.join(blocks), of_rows


def _changes(items: Items) -> tuple[bool, bool]:
    """Tell whether rows change with the seed, and whether they stay with it."""
    step = max(1, len(items.items) // COMPARED_ITEMS)
    some = [items.items[number] for number in range(0, len(items.items), step)][:COMPARED_ITEMS]
    some = some * 2 if len(some) == 1 else some
    reads = []
    for seed in (0, 0, 1):
        seeds = seeds_of(seed, len(some))
        reads.append(next(items.batches([list(zip(some, seeds, strict=True))], workers=0)))
    repeatable = same(reads[0], reads[1])
    return not (repeatable and same(reads[0], reads[2])), repeatable
