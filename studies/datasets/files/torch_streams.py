"""Torch streams: IterableDatasets, read to their end, or in part where an epoch is a number of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np

from studies.datasets.files.blocks import Block, Forms, TorchRows, bytes_in, part_of, row_digests, rows_in
from studies.errors import BadWorkload
from studies.quantities import several
from studies.rng import Generators

MOST_ROWS: Final = 1_000_000
MOST_BYTES: Final = 2**30
MOST_SECONDS: Final = 60.0
"""A stream that has not ended after so many rows, bytes or seconds is taken for endless."""
FIRST_ROWS: Final = 5_000
"""Rows of a stream that are read and kept, to be looked at and to validate and test on (judged)."""
FIRST_BYTES: Final = 2**28
COMPARED_ROWS: Final = 64
"""Rows that are read again to see whether they change."""
BATCH_ROWS: Final = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """Stream of rows that begins anew when asked: as the seed has it where its rows are random."""

    source: Any
    """A DataLoader."""
    forms: Forms
    steps: int
    """Steps of an epoch."""
    first_rows: int
    """Rows that were read and kept."""
    changing: bool
    """Whether another seed brings other rows."""
    repeatable: bool

    def reader(self, seed: int, *, left_out: frozenset[bytes], skip: int) -> StreamReader:
        """Return the rows from the start, those left out that validate or test."""
        return StreamReader(self, seed, left_out=left_out, skip=skip)


class StreamReader:
    """Reader of a stream that goes on from where it stopped.

    Args:
        stream: what is read.
        seed: of the random generators that its code draws from.
        left_out: digests of rows that are passed over.
        skip: rows that are passed over at the start of each pass.
    """

    def __init__(self, stream: Stream, seed: int, *, left_out: frozenset[bytes], skip: int) -> None:
        self.stream, self.left_out, self.skip = stream, left_out, skip
        self.rows_read = 0
        self._generators = Generators(seed)
        self._blocks = self._endless()
        self._rest: list[Block] = []

    def read(self, rows: int) -> Block:
        """Return the next rows."""
        waiting = sum(rows_in(block) for block in self._rest)
        while waiting < rows:
            with self._generators.in_place():
                block = next(self._blocks)
            self._rest.append(block)
            waiting += rows_in(block)
        whole = self.stream.forms.join(self._rest) if len(self._rest) > 1 else self._rest[0]
        self._rest = [part_of(whole, slice(rows, None))] if waiting > rows else []
        self.rows_read += rows
        return part_of(whole, slice(0, rows))

    def forward_to(self, rows_read: int) -> None:
        """Pass over rows until so many were read."""
        while self.rows_read < rows_read:
            self.read(min(BATCH_ROWS, rows_read - self.rows_read))

    def _endless(self) -> Iterator[Block]:
        while True:
            passed = used = 0
            for batch in self.stream.source:
                block = self.stream.forms.take(batch)
                fresh = [
                    number
                    for number, digest in enumerate(row_digests(block))
                    if passed + number >= self.skip and digest not in self.left_out
                ]
                passed += rows_in(block)
                if fresh:
                    used += len(fresh)
                    yield block if len(fresh) == rows_in(block) else part_of(block, np.array(fresh))
            if not used:
                raise BadWorkload(
                    "the stream brings no row to train on when it begins anew; give an IterableDataset whose "
                    "__iter__ begins again each time"
                )


def read_stream(source: Any, forms: Forms, *, steps: int | None) -> TorchRows:
    """Read a stream to its end, or its first rows where an epoch is a number of steps.

    Of a stream that is read to its end each row is kept once, so that none trains and validates.

    Raises:
        BadWorkload: it is empty, or shows no end and no steps are given.
    """
    from torch.utils.data import DataLoader

    loader = source if isinstance(source, DataLoader) else DataLoader(source, batch_size=BATCH_ROWS)
    with Generators(0).in_place():
        blocks = _to_the_end(loader, forms.take) if steps is None else _first(loader, forms.take)
    block = forms.join(blocks)
    changing, repeatable = _changes(loader, forms.take, block)
    if steps is None:
        return _without_repeats(block, changing=changing)
    stream = Stream(
        source=loader,
        forms=forms,
        steps=steps,
        first_rows=rows_in(block),
        changing=changing,
        repeatable=repeatable,
    )
    return TorchRows(block=block, live=stream, changing=changing, whole=False)


def _without_repeats(block: Block, *, changing: bool) -> TorchRows:
    first: dict[bytes, int] = {}
    for number, digest in enumerate(row_digests(block, with_targets=True)):
        first.setdefault(digest, number)
    again = rows_in(block) - len(first)
    if not again:
        return TorchRows(block=block, changing=changing)
    note = (
        f"Left out {several(again, 'row')} of the stream that it had brought before: none may train and "
        "validate."
    )
    return TorchRows(block=part_of(block, np.array(list(first.values()))), changing=changing, notes=(note,))


def _to_the_end(loader: Any, take: Callable[[Any], Block]) -> list[Block]:
    blocks, rows, size, start = list[Block](), 0, 0, time.monotonic()
    sized = hasattr(loader.dataset, "__len__")
    for batch in loader:
        block = take(batch)
        blocks.append(block)
        rows, size = rows + rows_in(block), size + bytes_in(block)
        seconds = time.monotonic() - start
        if not sized and (rows >= MOST_ROWS or size >= MOST_BYTES or seconds >= MOST_SECONDS):
            raise BadWorkload(
                f"the stream shows no end after {rows:,} rows; say how many steps an epoch has, and no more "
                "rows than these are kept: Workload(steps_per_epoch=500)"
            )
    if not blocks:
        raise BadWorkload("the IterableDataset is empty; add rows to train on")
    return blocks


def _first(loader: Any, take: Callable[[Any], Block], most: int = FIRST_ROWS) -> list[Block]:
    blocks, rows, size = list[Block](), 0, 0
    for batch in loader:
        block = take(batch)
        blocks.append(block)
        rows, size = rows + rows_in(block), size + bytes_in(block)
        if rows >= most or size >= FIRST_BYTES:
            break
    if not blocks:
        raise BadWorkload("the IterableDataset is empty; add rows to train on")
    blocks[-1] = part_of(blocks[-1], slice(0, max(1, rows_in(blocks[-1]) - max(0, rows - most))))
    return blocks


def _changes(loader: Any, take: Callable[[Any], Block], read: Block) -> tuple[bool, bool]:
    """Tell whether the first rows change with the seed, and whether they stay with it."""
    again = list[Block]()
    for seed in (0, 1):
        with Generators(seed).in_place():
            again += [take(batch) for batch in islice(loader, 1)]
    if len(again) < 2:
        return False, True  # it cannot begin anew
    count = min(COMPARED_ROWS, rows_in(read), *(rows_in(block) for block in again))
    first, same_seed, other_seed = (
        list(row_digests(part_of(block, slice(0, count)))) for block in (read, *again)
    )
    repeatable = first == same_seed
    return not repeatable or first != other_seed, repeatable
