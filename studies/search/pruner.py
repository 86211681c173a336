"""Pruner: what trials scored at the rungs at which they are compared, and which optimizers stay.

Which trials go on from a rung: `studies.search.promotion`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from studies.direction import Direction
from studies.plans.fairness import STRICT
from studies.record import Measurement, Record

WHOLE_RUNS: Final = 3
"""Whole runs an optimizer is given before the rule may stop all of its new trials."""
FINALISTS: Final = 3
"""Optimizers that are confirmed, and so many stay in the race unless they are compared strictly."""
FEWEST_OPTIMIZERS: Final = 2
"""So many are never left out of the race."""
HALVINGS: Final = (1 / 3, 2 / 3)
"""Shares of the race after which the weaker half of the optimizers is left out."""

Score = tuple[float, float]
"""(metric, loss), both as the smaller the better."""


def score(curve: Sequence[Measurement], epoch: int, direction: Direction) -> Score | None:
    """Return the best metric, and with it the lowest loss, up to an epoch.

    None before the first epoch, and for a run that ended earlier.
    """
    if not curve or curve[-1].epoch < epoch:
        return None
    sign = -1 if direction.maximizes else 1
    return min(
        ((sign * point.valid_metric, point.valid_loss) for point in curve if point.epoch <= epoch),
        default=None,
    )


def race_size(optimizers: int, halvings: int, *, fair: str) -> int:
    """Return how many optimizers are in the race.

    Args:
        optimizers: that entered the search.
        halvings: how often the weaker half was left out so far.
        fair: how they are compared, see `studies.plans.fairness`.

    Example:
        >>> [race_size(9, halvings, fair="contention") for halvings in (0, 1, 2)]
        [3, 3, 3]
        >>> [race_size(9, halvings, fair="strict") for halvings in (0, 1, 2)]
        [9, 5, 3]
    """
    most = optimizers if fair == STRICT else FINALISTS
    return max(FEWEST_OPTIMIZERS, min(most, -(-optimizers // (1 << halvings))))


def survivors(
    records: Iterable[Record], candidates: Sequence[str], direction: Direction, *, keep: int
) -> tuple[str, ...]:
    """Return the optimizers whose best whole run is among the `keep` best, in the order of `candidates`.

    Whole runs only: rankings between optimizers still change while the schedule decays.
    """
    best = {name: record for name in candidates if (record := best_complete(records, name, direction))}
    ranked = sorted(best, key=lambda name: (direction.loss(best[name].quality), candidates.index(name)))
    return tuple(name for name in candidates if name in ranked[:keep])


def contenders(
    records: Iterable[Record], candidates: Sequence[str], direction: Direction, *, keep: int
) -> tuple[str, ...]:
    """Return the `keep` optimizers whose best recipe came furthest and scored best there, in order.

    Those that have come to nothing are not among them, however few there are.
    """
    standings: dict[str, tuple[float, Score]] = {}
    for record in records:
        if record.searched and record.state in {"complete", "pruned"} and record.curve:
            left, epochs_left = standings.get(record.optimizer), -float(record.epochs)
            if left is None or epochs_left <= left[0]:  # only then its score says anything
                at_end = score(record.curve, record.epochs, direction) or (math.inf, math.inf)
                standing = (epochs_left, at_end)
                standings[record.optimizer] = min(left or standing, standing)
    ranked = sorted(filter(standings.__contains__, candidates), key=standings.__getitem__)
    return tuple(name for name in candidates if name in ranked[:keep])


def in_contention(records: Iterable[Record], optimizer: str, direction: Direction) -> bool:
    """Tell whether an optimizer may still win: its best whole run is in the better half of all.

    One without a whole run may win while its furthest trial is in the better half where it stands.
    """
    searched = [record for record in records if record.searched]
    whole = [record for record in searched if record.state == "complete" and record.quality is not None]
    if best := best_complete(whole, optimizer, direction):
        losses = sorted(direction.loss(record.measured_quality) for record in whole)
        return direction.loss(best.measured_quality) <= losses[(len(losses) - 1) // 2]
    of_optimizer = [record for record in searched if record.optimizer == optimizer]
    rung = max((record.epochs for record in of_optimizer), default=0)
    scores = sorted(at_rung for run in searched if (at_rung := score(run.curve, rung, direction)))
    best_score = min(filter(None, (score(run.curve, rung, direction) for run in of_optimizer)), default=None)
    return best_score is None or best_score <= scores[(len(scores) - 1) // 2]


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
