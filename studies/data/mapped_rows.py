"""Rows that stay in a file: a batch is read, filled in and scaled when it is asked for.

What is measured of them goes through the file block by block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from studies.data.row_encoders.scaled_numbers import ScaledNumbers
from studies.datasets.files.mapped import MappedArray
from studies.errors import BadWorkload
from studies.quantities import format_bytes
from studies.rows.reading import STEPS

if TYPE_CHECKING:
    from studies.data.encode import Encoded
    from studies.datasets import Raw

BLOCK_BYTES: Final = 2**24
"""Read at once where all rows are looked at."""
SOME_ROWS: Final = 4096
"""Rows that a digest and the facts of the data are taken from."""

Index = slice | NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedRows:
    """Rows of a mapped array as a model is fed them."""

    source: MappedArray
    rows: NDArray[np.int64]
    """Which rows of the source these are."""
    encoder: ScaledNumbers | None = None
    """Scales each number; None for token ids, which stay as they are."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape, the rows first."""
        return (len(self.rows), *self.source.shape[1:])

    @property
    def nbytes(self) -> int:
        """Return the bytes that all rows would take in memory."""
        return int(np.prod(self.shape)) * (4 if self.encoder is not None else 8)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Index) -> NDArray[Any]:
        """Return rows in memory, scaled."""
        return self._encoded(self.source.read(self.rows[rows]))

    def part(self, rows: NDArray[np.int64]) -> MappedRows:
        """Return some of the rows, still in the file."""
        return replace(self, rows=self.rows[rows])

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Return all rows, a block at a time."""
        yield from (self[rows] for rows in spans(self.shape))

    def column(self, place: int) -> NDArray[Any]:
        """Return one number of every row."""
        return np.concatenate([block[:, place] for block in self.blocks()])

    def some(self) -> NDArray[Any]:
        """Return some rows, evenly spread."""
        return self._encoded(self.source.read(self.spread()))

    def spread(self) -> NDArray[np.int64]:
        """Return the numbers of some rows in the source, evenly spread over these."""
        places = np.linspace(0, len(self) - 1, min(SOME_ROWS, len(self))).astype(np.int64)
        return self.rows[places]

    def _encoded(self, values: NDArray[Any]) -> NDArray[Any]:
        return values.astype(np.int64) if self.encoder is None else self.encoder.scaled(values)


class MappedTensors:
    """Mapped rows as tensors on a device; only those asked for are read."""

    def __init__(self, rows: MappedRows, device: Any) -> None:
        self.rows, self.device = rows, device

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> Any:
        import torch

        index = rows if isinstance(rows, slice) else rows.cpu().numpy()
        return torch.from_numpy(self.rows[index]).to(self.device)


def spans(shape: tuple[int, ...]) -> Iterator[slice]:
    """Return slices of rows that are about a block of float32 each."""
    count = max(1, BLOCK_BYTES // (4 * max(1, int(np.prod(shape[1:])))))
    yield from (slice(first, first + count) for first in range(0, shape[0], count))


def scaled(source: MappedArray, rows: NDArray[np.int64], train: NDArray[np.int64], kind: str) -> MappedRows:
    """Return rows with mean 0 and deviation 1 over the training rows: by column, by channel, or all together.

    Args:
        source: the array.
        rows: those that have a target.
        train: which of these train.
        kind: table, image, signal, steps or text; token ids stay whole numbers.

    Raises:
        BadWorkload: an infinite number, or token ids below 0.
    """
    if kind == "text":
        return MappedRows(source=source, rows=rows)
    every = tuple(range(source.ndim))
    axes = {"table": (0,), "signal": (0, 2), STEPS: (0, 1), "image": every}[kind]
    count, mean, square = (np.zeros(1) for _ in range(3))
    ordered = np.sort(rows[train])  # the file is read from its beginning to its end
    for span in spans((len(ordered), *source.shape[1:])):
        block = source.read(ordered[span]).astype(np.float64)
        if np.isinf(block).any():
            raise BadWorkload("the inputs hold infinite numbers; correct these or make them NaN")
        missing = np.isnan(block)
        block_count = (~missing).sum(axis=axes, keepdims=True)
        block_mean = np.where(missing, 0.0, block).sum(axis=axes, keepdims=True) / np.maximum(block_count, 1)
        distance = np.where(missing, 0.0, block - block_mean)
        count, mean, square = _pooled(
            (count, mean, square), (block_count, block_mean, (distance**2).sum(axis=axes, keepdims=True))
        )
    deviation = np.sqrt(square / np.maximum(count, 1))
    encoder = ScaledNumbers(
        shape=source.shape[1:], mean=mean[0], scale=np.where(deviation > 0, deviation, 1.0)[0]
    )
    return MappedRows(source=source, rows=rows, encoder=encoder)


def encode_mapped(
    raw: Raw, source: MappedArray, rows: NDArray[np.int64], train: NDArray[np.int64]
) -> Encoded:
    """Return the rows that have a target as they will be read; what is counted is counted on some of them.

    Raises:
        BadWorkload: rows that cannot be turned into numbers.
    """
    from studies.data.encode import Encoded
    from studies.data.row_encoders.token_ids import TokenIds

    inputs = scaled(source, rows, train, STEPS if raw.reading == STEPS else raw.kind)
    some = source.read(np.sort(inputs.part(train).spread()))
    size = format_bytes(int(np.prod(source.shape)) * some.dtype.itemsize)
    if raw.kind == "text":
        note = f"The token ids stay in their file ({size}); a batch is read when it is needed."
        largest = _largest_id(inputs)
        token_ids = TokenIds(length=source.shape[1], vocabulary=largest)
        return Encoded(inputs=inputs, kind="text", vocabulary=largest, notes=(note,), encoder=token_ids)
    note = (
        f"The inputs stay in their file ({size}); a batch is read and scaled when it is needed, "
        "and a missing number counts as the mean."
    )
    missing = np.isnan(some)
    return Encoded(
        inputs=inputs,
        names=raw.column_names if raw.kind == "table" else (),
        missing_share=float(missing.mean()),
        raw_density=float((some[~missing] != 0).mean()),
        notes=(note,),
        kind=raw.kind,
        encoder=inputs.encoder,
    )


def _largest_id(ids: MappedRows) -> int:
    ends = [(int(block.min()), int(block.max())) for block in ids.blocks()]
    if min(low for low, _ in ends) < 0:
        raise BadWorkload("the token ids hold numbers below 0; ids start at 0, which is padding")
    return max(high for _, high in ends)


Moments = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""How many numbers, their mean, and the sum of their squared distances from it."""


def _pooled(left: Moments, right: Moments) -> Moments:
    """Return the moments of two blocks together (Chan et al. 1983)."""
    count = left[0] + right[0]
    shift = right[1] - left[1]
    share = right[0] / np.maximum(count, 1)
    square = left[2] + right[2] + shift**2 * left[0] * share
    return count, left[1] + shift * share, cast("NDArray[Any]", square)
