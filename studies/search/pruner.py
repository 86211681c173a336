"""Pruner: successive halving within an optimizer; the best third at a ninth and at a third of a run goes on.

A comparison across optimizers at a low rung ends slow starters before they show what they can do, and with
them the comparison that the search is for: replayed on 200 digits curves it left 1.4 of 5 optimizers without
one whole run; this rule left none.
References: successive halving, Jamieson and Talwalkar 2016, arXiv 1502.07943; ASHA, Li et al. 2020, arXiv
1810.05934.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from studies.direction import Direction
from studies.record import Measurement, Record

ETA: Final = 3
"""One in so many goes on."""
WHOLE_RUNS: Final = 3
"""Whole runs an optimizer is given before the rule may stop all of its new trials."""

Score = tuple[float, float]
"""(metric, loss), both as the smaller the better."""


def rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs at which trials are compared, the last one being the whole run."""
    return tuple(sorted({math.ceil(epochs / ETA**2), math.ceil(epochs / ETA), epochs}))


def score(curve: Sequence[Measurement], epoch: int, direction: Direction) -> Score | None:
    """Return the best metric, and with it the lowest loss, up to an epoch.

    None before the first epoch, and for a run that ended earlier.
    """
    if not curve or curve[-1].epoch < epoch:
        return None
    return min(
        ((direction.loss(point.valid_metric), point.valid_loss) for point in curve if point.epoch <= epoch),
        default=None,
    )


def promote(new: Sequence[Score], earlier: Iterable[Score], *, at_least: int = 0) -> set[int]:
    """Return which of the new trials go on: those in the best third of all at this rung, and the best few.

    Args:
        new: scores of the trials that have just arrived at the rung.
        earlier: scores of the same optimizer's earlier trials at this rung.
        at_least: how many must go on whatever their score.
    """
    scores = sorted([*new, *earlier])
    threshold = scores[max(1, len(scores) // ETA) - 1] if scores else (0.0, 0.0)
    ranked = sorted(range(len(new)), key=lambda index: new[index])
    return {index for index in ranked if new[index] <= threshold} | set(ranked[:at_least])


def survivors(
    records: Iterable[Record], candidates: Sequence[str], direction: Direction, *, keep: int
) -> tuple[str, ...]:
    """Return the optimizers whose best whole run is among the `keep` best, in the order of `candidates`.

    Whole runs only: rankings between optimizers still change while the schedule decays.
    """
    best = {name: record for name in candidates if (record := best_complete(records, name, direction))}
    ranked = sorted(best, key=lambda name: (direction.loss(best[name].quality), candidates.index(name)))
    return tuple(name for name in candidates if name in ranked[:keep])


def best_complete(records: Iterable[Record], optimizer: str, direction: Direction) -> Record | None:
    """Return an optimizer's best whole run of the search.

    By metric, then by the loss it was reached with, then the earlier.
    """
    best: Record | None = None
    for record in records:
        whole = record.searched and record.state == "complete" and record.quality is not None
        if record.optimizer == optimizer and whole:
            best = record if best is None or _beats(record, best, direction) else best
    return best


def _beats(left: Record, right: Record, direction: Direction) -> bool:
    if left.quality == right.quality:
        return lowest_loss(left, direction) < lowest_loss(right, direction)
    return direction.better(left.quality, right.quality)


def lowest_loss(record: Record, direction: Direction) -> float:
    """Return the validation loss at the best epoch of a record."""
    best = score(record.curve, record.epochs, direction)
    return best[1] if best else math.inf
