"""Fresh rows: rows that training reads anew in every epoch, brought into the numbers of those read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.data.as_given import inputs_as_given, targets_as_given
from studies.errors import BadWorkload, one_line
from studies.rows.nested import NestedRows

if TYPE_CHECKING:
    from studies.data.columns.table_encoder import TableEncoder
    from studies.data.encode import Encoded
    from studies.data.splits import Amount, Split, Targets
    from studies.datasets import Raw

CLOSE: Final = 1e-3
"""Largest difference from the rows that were encoded at which a line through two of them stands for all."""
VALIDATES_AUGMENTED: Final = (
    "The rows that validate and test are drawn from these, read once and changed as they came; valid= and "
    "test= take rows without that."
)

Pair = tuple[Any, Any]


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

    def order(self, seed: int) -> list[int] | None:
        """Return the training rows of an epoch as the sampler draws them; None for all in random order."""
        if self.live.draws is None:
            return None
        order: list[int] = self.live.order(self.positions, self.epoch_rows, seed)
        return order

    def batches(self, rows: Sequence[NDArray[np.int64]], seed: int) -> Iterator[Pair]:
        """Yield a batch for each array of training rows, read anew with random numbers of the seed."""
        from studies.datasets.files.torch_rows import seeds_of

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
            code = _coder(raw, targets, encoded, scaling)
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


def _coder(
    raw: Raw, targets: Targets, encoded: Encoded, scaling: tuple[Amount, Amount]
) -> Callable[[Any, Any], Pair]:
    """Return what turns rows into the numbers that the rows here were turned into.

    Raises:
        BadWorkload: nothing says how these were made.
    """
    encode = _encoding(raw, targets, encoded)
    labelled = targets_as_given if raw.free else _labelled(raw, targets, scaling)

    def code(fresh_inputs: Any, fresh_targets: Any) -> Pair:
        shaped = raw.shape_rows(fresh_inputs)
        if shaped.shape[1:] != raw.inputs.shape[1:]:
            raise BadWorkload(
                f"a batch has rows of the shape {shaped.shape[1:]}, and the first ones had "
                f"{raw.inputs.shape[1:]}; give all the same"
            )
        inputs = encode(shaped)
        return inputs, inputs if raw.targets is None else labelled(fresh_targets)

    return code


def _encoding(raw: Raw, targets: Targets, encoded: Encoded) -> Callable[[Any], Any]:
    """Return what encodes inputs as those here were encoded."""
    before, after = raw.inputs, encoded.inputs
    if isinstance(before, NestedRows) or (raw.free and isinstance(before, np.ndarray)):
        return partial(inputs_as_given, kind=raw.kind)
    columns = list(raw.column_names)
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        places = [columns.index(name) for name in encoded.names if name in columns]
        if scaled := _scaled(before[targets.rows], after, places):
            return scaled
    if encoded.encoder is None or hasattr(before, "nnz"):
        raise BadWorkload("nothing says how to turn other rows into the same numbers")
    return partial(_transformed, encoder=encoded.encoder, columns=columns)


def _transformed(rows: Any, *, encoder: TableEncoder, columns: list[str]) -> NDArray[Any]:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=columns) if isinstance(rows, np.ndarray) else rows
    return encoder.transform(frame)


def _scaled(
    before: NDArray[Any], after: NDArray[Any], columns: Sequence[int]
) -> Callable[[NDArray[Any]], NDArray[Any]] | None:
    """Return the scaling that made `after` of `before`: of all numbers alike, of an axis, or of columns.

    None where it takes more than that, as for columns with gaps or of labels.
    """
    if before.dtype.kind not in "biuf":
        return None
    if after.dtype.kind in "iu":
        if not np.array_equal(before, after):
            return None
        largest = int(after.max())
        return lambda rows: _ids(rows, largest)
    chosen = before[:, columns] if before.ndim == 2 and len(columns) == after.shape[1] else before
    if chosen.shape != after.shape or not np.isfinite(chosen.astype(np.float64)).all():
        return None
    for axes in _groups(chosen.ndim):
        slope, shift = _line(chosen, after, axes)
        if np.abs(chosen * slope + shift - after).max() <= CLOSE:
            picked = None if chosen is before else list(columns)
            return partial(_rescaled, slope=slope, shift=shift, columns=picked)
    return None


def _groups(dimensions: int) -> Iterator[tuple[int, ...]]:
    """Yield the axes over which one scaling holds: all, all but the second, all but the last."""
    yield tuple(range(dimensions))
    for single in (1, dimensions - 1):
        yield tuple(axis for axis in range(dimensions) if axis != single)


def _line(
    before: NDArray[Any], after: NDArray[Any], axes: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and shift of the line through the smallest and the largest number of each group."""
    low, high, low_after, high_after = (
        np.asarray(end(values, axis=axes, keepdims=True), dtype=np.float64)
        for values in (before, after)
        for end in (np.min, np.max)
    )
    reach = high - low
    slope = np.where(reach > 0, (high_after - low_after) / np.where(reach > 0, reach, 1.0), 1.0)
    return slope, low_after - low * slope


def _rescaled(
    rows: NDArray[Any],
    *,
    slope: NDArray[np.float64],
    shift: NDArray[np.float64],
    columns: list[int] | None,
) -> NDArray[np.float32]:
    chosen = rows if columns is None else rows[:, columns]
    return (chosen * slope + shift).astype(np.float32)


def _ids(rows: NDArray[Any], largest: int) -> NDArray[np.int64]:
    if rows.dtype.kind not in "iu" or (rows.size and (rows.min() < 0 or rows.max() > largest)):
        raise BadWorkload(
            f"a batch has token ids outside 0 to {largest:,}, the largest among the first rows; keep to these"
        )
    return rows.astype(np.int64)


def _labelled(raw: Raw, targets: Targets, scaling: tuple[Amount, Amount]) -> Callable[[Any], Any]:
    """Return what turns targets into codes of the same classes, or into amounts of the same scale."""
    mean, scale = scaling
    if not targets.classes:
        return partial(_standardised, mean=mean, scale=scale)
    codes = dict(zip(_labels(np.asarray(raw.targets)[targets.rows]), targets.codes.tolist(), strict=True))

    def coded(values: Any) -> NDArray[np.int64]:
        labels = _labels(np.asarray(values))
        new = [label for label in labels if label not in codes]
        if new:
            raise BadWorkload(
                f"a batch has the label {one_line(new[0], longest=40)}, which none of the first rows has; "
                f"keep to {len(targets.classes)} classes"
            )
        return np.array([codes[label] for label in labels], np.int64)

    return coded


def _standardised(values: Any, *, mean: Amount, scale: Amount) -> NDArray[np.float32]:
    amounts = np.asarray(values, np.float64).reshape(len(values), -1)
    scaled: NDArray[np.float64] = (amounts - mean) / scale
    return scaled.astype(np.float32)


def _labels(values: NDArray[Any]) -> list[Any]:
    """Return the label of each row; of columns of zeros with one 1 a row, the column of the 1."""
    labels: list[Any] = (
        values.argmax(axis=1) if values.ndim == 2 and values.shape[1] > 1 else values.ravel()
    ).tolist()
    return labels
