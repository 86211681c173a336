"""What no other beats in everything: quality against what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from advisor.evidence import Contender, has_quality
from studies.record import Record

T = TypeVar("T")

COSTS: Final = ("train_seconds", "peak_bytes")


def front(items: Iterable[T], objectives: Callable[[T], Sequence[float]]) -> tuple[T, ...]:
    """Return the items that no other dominates, in the order given; equals all stay.

    Args:
        items: what to choose from.
        objectives: the numbers to make small; every item must give as many.
    """
    scored = [(item, tuple(objectives(item))) for item in items]
    kept: list[tuple[float, ...]] = []
    for own in sorted({own for _, own in scored if not any(map(math.isnan, own))}):  # whatever dominates comes first
        if not any(dominates(other, own) for other in kept):
            kept.append(own)
    best = set(kept)
    return tuple(item for item, own in scored if own in best or any(map(math.isnan, own)))


def dominates(left: Sequence[float], right: Sequence[float]) -> bool:
    """Tell whether `left` is nowhere larger than `right` and somewhere smaller."""
    pairs = list(zip(left, right, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def front_of_records(records: Iterable[Record], direction: str, *, costs: Sequence[str] = COSTS) -> tuple[Record, ...]:
    """Return the whole runs that no other beats in quality and every cost; a cost that was not measured counts as infinite."""
    return front(filter(has_quality, records), lambda record: _objectives(record, direction, costs))


def front_of_contenders(
    contenders: Iterable[Contender], direction: str, *, costs: Sequence[str] = COSTS
) -> tuple[Contender, ...]:
    """Return the optimizers that no other beats in quality and every cost; those without a quality are left out."""
    known = (contender for contender in contenders if contender.quality is not None)
    return front(known, lambda contender: _objectives(contender, direction, costs))


def _objectives(thing: Record | Contender, direction: str, costs: Sequence[str]) -> tuple[float, ...]:
    sign = -1.0 if direction == "maximize" else 1.0
    spent = (getattr(thing, cost) for cost in costs)
    return sign * float(thing.quality or 0.0), *(math.inf if value is None else float(value) for value in spent)
