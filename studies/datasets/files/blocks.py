"""Blocks of rows: inputs and targets of some rows as arrays, frames or nested rows, compared and cut."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from studies.rows.nested import NestedRows, leaves_of

Block = tuple[Any, Any]
"""Inputs, and the targets or None."""


@dataclass(frozen=True, kw_only=True)
class Forms:
    """How batches become blocks, and blocks one."""

    take: Callable[[Any], Block]
    join: Callable[[list[Block]], Block]


@dataclass(frozen=True, kw_only=True, eq=False)
class TorchRows:
    """Rows as they were read once, and where more of them come from."""

    block: Block
    live: Any = None
    """Items or a stream; None where another reading would bring the same rows in the same order."""
    changing: bool = False
    """Whether rows differ from reading to reading."""
    whole: bool = True
    """Whether these are all rows there are."""
    notes: tuple[str, ...] = ()


def rows_in(block: Block) -> int:
    """Return how many rows there are."""
    return int(block[0].shape[0])


def bytes_in(block: Block) -> int:
    """Return the bytes of the inputs."""
    return sum(int(getattr(leaf, "nbytes", 0)) for leaf in leaves_of(block[0]))


def part_of(block: Block, rows: Any) -> Block:
    """Return some of the rows, by a slice or by their numbers."""
    inputs, targets = block
    chosen = inputs.iloc[rows] if hasattr(inputs, "iloc") else inputs[rows]
    if targets is None:
        return chosen, None
    return chosen, targets.iloc[rows] if hasattr(targets, "iloc") else targets[rows]


def row_digests(block: Block, *, with_targets: bool = False) -> Iterator[bytes]:
    """Yield a digest of the inputs of each row, and of its targets."""
    leaves = [*leaves_of(block[0]), *(leaves_of(block[1]) if with_targets and block[1] is not None else ())]
    arrays = [np.asarray(leaf.toarray() if hasattr(leaf, "toarray") else leaf) for leaf in leaves]
    for number in range(rows_in(block)):
        sha = hashlib.blake2b(digest_size=16)
        for array in arrays:
            row = np.ascontiguousarray(array[number])
            sha.update(repr(row.tolist()).encode() if row.dtype == object else row.tobytes())
        yield sha.digest()


def same(left: Any, right: Any) -> bool:
    """Tell whether two readings are equal in every number."""
    if isinstance(left, tuple):
        return all(map(same, left, right))
    if isinstance(left, NestedRows):
        return same(leaves_of(left), leaves_of(right))
    if left is None or right is None:
        return left is right
    first, second = np.asarray(left), np.asarray(right)
    floats = first.dtype.kind == "f" and second.dtype.kind == "f"
    return first.shape == second.shape and bool(np.array_equal(first, second, equal_nan=floats))
