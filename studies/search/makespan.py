"""Makespan: how long some runs take on several workers, each handed over when a worker is free."""

from __future__ import annotations

from collections.abc import Iterable


def makespan(costs_seconds: Iterable[float], workers: int) -> float:
    """Return the seconds until the last of some runs has ended.

    Args:
        costs_seconds: of each run, in the order in which they are handed over.
        workers: how many run at once.
    """
    free_at = [0.0] * workers
    for seconds in costs_seconds:
        first = free_at.index(min(free_at))
        free_at[first] += seconds
    return max(free_at)
