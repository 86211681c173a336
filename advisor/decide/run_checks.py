"""Checks of the recommended run: settings on a range's end, still improving, overfitting, late variance."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import Final

from advisor.decide.estimates import EDGE
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence
from advisor.statements.check import Check
from advisor.statements.run_checks import LateVariance, Overfitting, RangeEdges, StillImproving
from studies.record import Measurement, Record, last_epoch

RISE: Final = 0.1
"""Rise of the validation loss above its lowest value that counts as clear, if the last third of the epochs is
that high (judged)."""
JITTER: Final = 0.1
"""Usual change of the loss from one measurement to the next, as a log-ratio, above which the last value is a
matter of luck (judged)."""
FEWEST: Final = 3
"""Measurements that the last third of a run needs for its middle to mean something."""


def range_edges(best: Record) -> Check:
    """Ask whether a setting of the best recipe lies on the end of its range."""
    upper = tuple(name for name, place in best.units.items() if place > EDGE)
    lower = tuple(name for name, place in best.units.items() if place < -EDGE)
    return RangeEdges(trials=(best.number,), edge=EDGE, upper=upper, lower=lower, passed=not (upper or lower))


def still_improving(evidence: Evidence, best: Record) -> Check:
    """Ask whether the best run was at its best when it ended; one of a single epoch cannot tell."""
    points = [point for point in best.curve if math.isfinite(point.valid_metric)]
    top = points[0] if points else None
    for point in points:
        if top is None or evidence.direction.better(point.valid_metric, top.valid_metric):
            top = point
    late = top is not None and top.epoch == best.epochs
    return StillImproving(
        trials=(best.number,),
        best_epoch=None if top is None else top.epoch,
        epochs=best.epochs,
        passed=not late,
        command=evidence.asked_with("--epochs", str(2 * best.epochs)) if late else "",
    )


def overfitting(best: Record) -> Check:
    """Ask whether the best run went on learning its training rows at the cost of the others."""
    points = [point for point in best.curve if math.isfinite(point.valid_loss)]
    last = last_epoch(points)
    epochs = max(1, last // 3)
    late = [point.valid_loss for point in points if point.epoch > last - epochs]
    lowest = min(points, key=lambda point: point.valid_loss, default=None)
    return Overfitting(
        trials=(best.number,),
        allowed_rise=RISE,
        lowest_loss=lowest.valid_loss if lowest else None,
        lowest_epoch=lowest.epoch if lowest else None,
        late_loss=median(late) if late else None,
        late_points=len(late),
        late_epochs=epochs if points else 0,
        train_loss_then=_finite(lowest.train_loss) if lowest else None,
        train_loss=_finite(points[-1].train_loss) if points else None,
        passed=lowest is None or not _parted(lowest, points[-1], median(late)),
    )


def _parted(lowest: Measurement, last: Measurement, level: float) -> bool:
    fell = math.isfinite(lowest.train_loss) and last.train_loss < lowest.train_loss
    return fell and level - lowest.valid_loss > RISE * abs(lowest.valid_loss)


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def late_variance(best: Record, loss_scale: LossScale | None) -> tuple[Check, ...]:
    """Ask, of runs long enough, whether the metric still jumps about when the run ends."""
    epochs = best.epochs // 3
    late = [point.valid_metric for point in best.curve if point.epoch > best.epochs - epochs]
    if loss_scale is None or len(late) <= FEWEST or not all(map(math.isfinite, late)):
        return ()
    gaps = [loss_scale.gap(value) for value in late]
    change = median(abs(after - before) for before, after in pairwise(gaps))
    allowed = max(JITTER, 2 * loss_scale.resolution)  # a row more or less is no jitter
    return (
        LateVariance(
            trials=(best.number,),
            epochs=epochs,
            change=change,
            allowed_change=allowed,
            passed=change <= allowed,
        ),
    )
