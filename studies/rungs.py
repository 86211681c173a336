"""Rungs: the epochs of a run at which runs are compared, and those after which one is measured."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from studies.quantities import listed

ETA: Final = 3
"""One in so many goes on from a rung."""
EVERY_EPOCH: Final = 27
"""Epochs of the longest run that is measured after each of them, and about the points of a longer one."""


def rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs at which trials are compared: a ninth, a third and all of a run.

    A long run is compared at a 27th too: replayed on recorded curves (17 tables of LCBench, 12 of TaskSet) a
    search had .01 to .14 less regret then, at 5, 10 and 20 whole runs.
    """
    first = 3 if epochs >= ETA**3 else 2
    return tuple(sorted({math.ceil(epochs / ETA**power) for power in range(first + 1)}))


def compared_at(epochs: int) -> str:
    """Return where trials are compared, as in `epochs 2, 6 and 18 of 54`; empty where each is run whole."""
    *compared, whole = map(str, rungs(epochs))
    noun = "epoch" if len(compared) == 1 else "epochs"
    return f"{noun} {listed(compared)} of {whole}" if compared else ""


@cache
def measured_epochs(epochs: int, most: int = 0) -> frozenset[int]:
    """Return the epochs after which a run of so many is measured: each of a short run, else rungs and a grid.

    Where fewer are allowed, these are the rungs, half the run and its end, and others that lie the closer the
    nearer they are to it, since most runs are at their best there.

    Args:
        epochs: of the whole run.
        most: measurements that are allowed; 0 for any number. Rungs and half the run are among them always.

    Example:
        >>> sorted(measured_epochs(81))[:6]
        [3, 6, 9, 12, 15, 18]
        >>> len(measured_epochs(300))
        27
        >>> sorted(measured_epochs(18, most=6))
        [2, 6, 9, 16, 17, 18]
    """
    spacing, compared = math.ceil(epochs / EVERY_EPOCH), rungs(epochs)
    if not 0 < most < min(epochs, EVERY_EPOCH):
        return frozenset((*range(spacing, epochs + 1, spacing), *compared))
    # gaps of 1, 1, 2, 2, 3, 3 ... from the end
    before_end = [spacing * ((place + 1) ** 2 // 4) for place in range(most - len(compared))]
    return frozenset((*(epochs - gap for gap in before_end if gap < epochs), epochs // 2, *compared))
