"""What no other beats in everything. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def front(items: Iterable[T], objectives: Callable[[T], Sequence[float]]) -> tuple[T, ...]:
    """Return the items that no other dominates, in the order given; equals all stay.

    Args:
        items: what to choose from.
        objectives: the numbers to make small; every item must give as many.
    """
    scored = [(item, tuple(objectives(item))) for item in items]
    kept: list[tuple[float, ...]] = []
    for own in sorted(
        {own for _, own in scored if not any(map(math.isnan, own))}
    ):  # whatever dominates comes first
        if not any(dominates(other, own) for other in kept):
            kept.append(own)
    best = set(kept)
    return tuple(item for item, own in scored if own in best or any(map(math.isnan, own)))


def dominates(left: Sequence[float], right: Sequence[float]) -> bool:
    """Tell whether `left` is nowhere larger than `right` and somewhere smaller."""
    pairs = list(zip(left, right, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
