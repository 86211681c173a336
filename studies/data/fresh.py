"""Fresh rows: rows that training reads anew in every epoch, brought into the numbers of those read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from studies.data.fresh_coding import Pair, coder_of
from studies.errors import BadWorkload, one_line

if TYPE_CHECKING:
    from studies.data.encode import Encoded
    from studies.data.splits import Amount, Split, Targets
    from studies.datasets import Raw

VALIDATES_AUGMENTED: Final = (
    "The rows that validate and test are drawn from these, read once and changed as they came; valid= and "
    "test= take rows without that."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class FreshRows:
    """Rows to train on that are read or drawn anew in every epoch; those of the other parts never come."""

    live: Any
    """Items of a Dataset, or a stream."""
    positions: dict[Hashable, int]
    """Of items: the training row that each is, as it was read once."""
    items: Sequence[Hashable]
    """The item of each training row."""
    epoch_rows: int
    steps: int
    """Steps of an epoch of a stream; 0 where the rows say how many there are."""
    left_out: frozenset[bytes]
    """Of a stream: digests of the rows that validate and test."""
    skip: int
    """Of a stream: rows passed over at its start, where digests would not know them again."""
    code: Callable[[Any, Any], Pair] | None
    """Encodes inputs and targets as the rows in memory are; None where these need not be read again."""

    @property
    def is_stream(self) -> bool:
        """Tell whether rows come in an order of their own, without end."""
        return self.steps > 0

    def part(self, rows: NDArray[np.int64]) -> Self:
        """Return where some of the training rows come from anew; of a stream, which knows none, all do."""
        if self.is_stream:
            return self
        items = [self.items[row] for row in rows]
        return replace(
            self,
            items=items,
            positions={item: row for row, item in enumerate(items)},
            epoch_rows=self.live.epoch_rows(len(self.live.items), len(items)),
        )

    def order(self, seed: int) -> list[int] | None:
        """Return the training rows of an epoch as the sampler draws them; None for all in random order."""
        if self.live.draws is None:
            return None
        order: list[int] = self.live.order(self.positions, self.epoch_rows, seed)
        return order

    def batches(self, rows: Sequence[NDArray[np.int64]], seed: int) -> Iterator[Pair]:
        """Yield a batch for each array of training rows, read anew with random numbers of the seed."""
        from studies.datasets.files.torch_items import seeds_of

        seeds = iter(seeds_of(seed, sum(map(len, rows))))
        draws = [[(self.items[row], next(seeds)) for row in batch] for batch in rows]
        for inputs, targets in self.live.batches(draws):
            yield self.coded(inputs, targets)

    def reader(self, seed: int) -> Any:
        """Return a reader of the stream from its start."""
        return self.live.reader(seed, left_out=self.left_out, skip=self.skip)

    def coded(self, inputs: Any, targets: Any) -> Pair:
        """Return rows as they come encoded as the rows in memory are."""
        if self.code is None:
            raise BadWorkload("these rows are read once")
        return self.code(inputs, targets)


def fresh_rows(
    raw: Raw,
    targets: Targets,
    split: Split,
    encoded: Encoded,
    scaling: tuple[Amount, Amount],
) -> tuple[FreshRows | None, tuple[str, ...]]:
    """Return where rows to train on come from anew, and what its owner should know.

    Args:
        raw: the rows as they were read once.
        targets: their targets.
        split: which of them train, validate and test.
        encoded: the rows with a target, encoded.
        scaling: mean and scale that were taken out of targets that are amounts.
    """
    live = raw.live
    if live is None:
        return None, ()
    stream = hasattr(live, "steps")
    code, frozen = None, ""
    if live.changing or stream:
        try:
            code = coder_of(raw, targets, encoded, scaling)
        except BadWorkload as error:
            if stream:
                raise
            frozen = f"The training rows change at each reading, but were read once: {one_line(error)}."
            if live.draws is None:
                return None, (frozen,)
    drawn_here = raw.parts is None or not {1, 2} <= set(np.unique(raw.parts).tolist())
    train = targets.rows[split.train]
    items = [] if stream else [live.items[row] for row in train]
    left_out, skip = _passed_over(raw, targets, split) if stream and drawn_here else (frozenset(), 0)
    fresh = FreshRows(
        live=live,
        positions={item: row for row, item in enumerate(items)},
        items=items,
        epoch_rows=0 if stream else live.epoch_rows(len(live.items), len(train)),
        steps=live.steps if stream else 0,
        left_out=left_out,
        skip=skip,
        code=code,
    )
    return fresh, tuple(_notes(fresh, drawn_here=drawn_here, frozen=frozen))


def _notes(fresh: FreshRows, *, drawn_here: bool, frozen: str) -> Iterator[str]:
    live = fresh.live
    if fresh.is_stream:
        yield (
            f"An epoch is {fresh.steps:,} steps on rows of the stream; its first {live.first_rows:,} rows "
            "are kept in memory, for all that is measured."
        )
        if drawn_here:
            yield (
                "The rows that validate and test are among the first of the stream and never train; valid= "
                "and test= take others."
            )
    elif frozen:
        yield frozen
    elif live.changing:
        yield "The training rows change at each reading, so every epoch reads them anew."
        if drawn_here:
            yield VALIDATES_AUGMENTED
    if not live.repeatable:
        yield "They change by random numbers that no seed reaches: two runs of one seed differ."
    if not fresh.is_stream and live.draws is not None:
        batches = "; the recipe says how many rows a step has" if live.draws_batches else ""
        yield (
            f"Each epoch draws {fresh.epoch_rows:,} rows as the loader's sampler does, from the rows that "
            f"train{batches}."
        )


def _passed_over(raw: Raw, targets: Targets, split: Split) -> tuple[frozenset[bytes], int]:
    """Return digests of the rows of a stream that validate and test, and how many to skip at its start.

    Where rows come again by chance, or change at each reading, digests would take too many or know none.
    """
    from studies.datasets.files.blocks import row_digests

    digests = list(row_digests((raw.inputs, None)))
    repeats = len(set(digests)) < len(digests)
    held_out = targets.rows[np.concatenate([split.valid, split.test])]
    left_out = frozenset() if repeats else frozenset(digests[row] for row in held_out)
    return left_out, raw.live.first_rows if repeats or raw.live.changing else 0
