"""Pareto front: what no other beats in everything. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def pareto_front(items: Iterable[T], objectives: Callable[[T], Sequence[float]]) -> tuple[T, ...]:
    """Pareto front: return the items that no other dominates, in the order given; equals all stay.

    Args:
        items: what to choose from.
        objectives: the numbers to make small; every item must give as many.
    """
    scored = [(item, tuple(objectives(item))) for item in items]
    undominated: list[tuple[float, ...]] = []
    for scores in sorted({scores for _, scores in scored if not any(map(math.isnan, scores))}):
        # sorted, whatever dominates comes first
        if not any(dominates(other, scores) for other in undominated):
            undominated.append(scores)
    front = set(undominated)
    return tuple(item for item, scores in scored if scores in front or any(map(math.isnan, scores)))


def dominates(left: Sequence[float], right: Sequence[float]) -> bool:
    """Tell whether `left` is nowhere larger than `right` and somewhere smaller."""
    pairs = list(zip(left, right, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
