"""Nested rows: several arrays or tensors a row, in a dict or a tuple, taken by row as if they were one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studies.errors import BadWorkload

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class NestedRows:
    """Nested rows: a dict or a tuple whose leaves have a row each for every row of the data."""

    parts: Any
    """A dict or a tuple of arrays, of tensors, or of further dicts and tuples."""

    def __post_init__(self) -> None:
        counts = {len(leaf) for leaf in self.leaves()}
        if len(counts) != 1:
            listed = " and ".join(map(str, sorted(counts))) or "no"
            raise BadWorkload(f"the parts of a row have {listed} rows; give all of them the same number")

    def __len__(self) -> int:
        return len(next(self.leaves()))

    def __getitem__(self, rows: Any) -> NestedRows:
        return self.map(lambda leaf: leaf[rows])

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of rows; the rest has no single shape."""
        return (len(self),)

    @property
    def device(self) -> torch.device:
        """Return where the tensors are."""
        device: torch.device = next(self.leaves()).device
        return device

    def leaves(self) -> Iterator[Any]:
        """Yield every array or tensor."""
        return _leaves(self.parts)

    def map(self, function: Callable[[Any], Any]) -> NestedRows:
        """Return the same nest with a function of every leaf."""
        return NestedRows(map_parts(self.parts, function))

    def to(self, device: torch.device) -> NestedRows:
        """Return the tensors on a device."""
        return self.map(lambda leaf: leaf.to(device))


def nested(values: Any, rows: int | None = None) -> bool:
    """Tell whether values are nested rows: a dict, or a tuple of arrays that are no rows themselves.

    Args:
        values: what was handed over.
        rows: how many rows there are, where that is known: a tuple of so many arrays is a row each.
    """
    if isinstance(values, Mapping):
        return True
    return (
        isinstance(values, tuple)
        and len(values) > 1
        and len(values) != rows
        and all(isinstance(part, Mapping | tuple) or getattr(part, "shape", ()) for part in values)
    )


def plain(rows: Any) -> Any:
    """Return nested rows as the dict or tuple that they are; anything else as it is."""
    return rows.parts if isinstance(rows, NestedRows) else rows


def leaves_of(rows: Any) -> tuple[Any, ...]:
    """Return the leaves of nested rows; anything else is its own leaf."""
    return tuple(rows.leaves()) if isinstance(rows, NestedRows) else (rows,)


def map_leaves(rows: Any, function: Callable[[Any], Any]) -> Any:
    """Return rows of any form with a function of every leaf."""
    return rows.map(function) if isinstance(rows, NestedRows) else function(rows)


def joined_nests(blocks: Sequence[NestedRows], join: Callable[[list[Any]], Any]) -> NestedRows:
    """Return nested rows below each other, leaf by leaf.

    Raises:
        BadWorkload: they have different names or numbers of parts.
    """
    leaves = [list(block.leaves()) for block in blocks]
    forms = {repr(map_parts(block.parts, lambda leaf: "rows")) for block in blocks}
    if len(forms) > 1:
        raise BadWorkload("rows come with different parts; give every row the same names and as many parts")
    each = iter([join(list(same)) for same in zip(*leaves, strict=True)])
    return blocks[0].map(lambda leaf: next(each))


def _leaves(parts: Any) -> Iterator[Any]:
    if isinstance(parts, Mapping):
        parts = tuple(parts.values())
    if not isinstance(parts, tuple):
        yield parts
        return
    for part in parts:
        yield from _leaves(part)


def map_parts(parts: Any, function: Callable[[Any], Any]) -> Any:
    """Return nested dicts and tuples with a function of every leaf; anything else is a leaf itself."""
    if isinstance(parts, Mapping):
        return {str(name): map_parts(part, function) for name, part in parts.items()}
    if isinstance(parts, tuple):
        return tuple(map_parts(part, function) for part in parts)
    return function(parts)
