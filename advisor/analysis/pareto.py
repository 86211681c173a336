"""Pareto front of runs and of optimizers: what no other beats in quality and every cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from advisor.contender import Contender
from advisor.evidence import has_quality
from studies.direction import Direction
from studies.pareto import pareto_front
from studies.record import Record

SPENT: Final = ("train_seconds", "peak_bytes")
"""What training a recipe takes: the costs that are weighed against quality where nothing else is said."""


def pareto_front_of_records(
    records: Iterable[Record], direction: Direction, *, costs: Sequence[str] = SPENT
) -> tuple[Record, ...]:
    """Return the whole runs that no other beats in quality and every cost; an unknown cost is infinite."""
    return pareto_front(filter(has_quality, records), lambda record: _objectives(record, direction, costs))


def pareto_front_of_contenders(
    contenders: Iterable[Contender], direction: Direction, *, costs: Sequence[str] = SPENT
) -> tuple[Contender, ...]:
    """Return the optimizers that no other beats in quality and every cost, of those with a quality."""
    known = (contender for contender in contenders if contender.quality is not None)
    return pareto_front(known, lambda contender: _objectives(contender, direction, costs))


def _objectives(point: Record | Contender, direction: Direction, costs: Sequence[str]) -> tuple[float, ...]:
    spent = (getattr(point, cost) for cost in costs)
    return direction.loss(point.quality), *(math.inf if value is None else float(value) for value in spent)
