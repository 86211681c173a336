"""Row hashes: a number for each row of a part, its target included; equal rows have equal numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.data.mapped_rows import MappedRows, spans
from studies.rows.nested import leaves_of

if TYPE_CHECKING:
    from studies.data.dataset import Part

PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number that spreads over 64 bits, so that no two rows that differ in one word are equal."""
SHIFT: Final = np.uint64(32)


def row_hashes(part: Part) -> NDArray[np.uint64]:
    """Return a hash of 64 bits for each row.

    Of a million rows two different ones are taken for equal with a chance of 1 in 10 million.
    """
    hashes = np.zeros(part.rows, np.uint64)
    for leaf in leaves_of(part.inputs):
        hashes = _mixed(hashes, np.concatenate([*_hashes(leaf)]))
    for leaf in () if part.targets is part.inputs else leaves_of(part.targets):
        hashes = _mixed(hashes, np.ascontiguousarray(leaf))
    return hashes


def _hashes(inputs: Any) -> Iterator[NDArray[np.uint64]]:
    if isinstance(inputs, np.ndarray | MappedRows):
        for rows in spans(inputs.shape):
            block = np.ascontiguousarray(inputs[rows])
            yield _mixed(np.zeros(len(block), np.uint64), block)
        return
    pieces = (
        inputs.indices[first:last].tobytes() + inputs.data[first:last].tobytes()
        for first, last in pairwise(inputs.indptr)
    )
    digests = b"".join(hashlib.blake2b(piece, digest_size=8).digest() for piece in pieces)
    yield np.frombuffer(digests, np.uint64)


def _mixed(hashes: NDArray[np.uint64], values: NDArray[Any]) -> NDArray[np.uint64]:
    """Return the hashes with further numbers of each row mixed in, a word of 32 bits at a time."""
    words = values.reshape(len(values), -1).view(np.uint8)
    if not words.shape[1] % 4:
        words = words.view(np.uint32)
    for place in range(words.shape[1]):
        hashes = (hashes ^ words[:, place]) * PRIME
        hashes ^= hashes >> SHIFT
    return hashes
