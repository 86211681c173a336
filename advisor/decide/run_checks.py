"""Checks of the recommended run: settings on a range's end, still improving, overfitting, late variance."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import Final

from advisor.decide.estimates import EDGE
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence
from advisor.recommendation import Check
from advisor.report.numbers import number, ratio
from studies.record import Measurement, Record

RISE: Final = 0.1
"""Rise of the validation loss above its lowest value that counts as clear, if the last third of the run is
that high (judged)."""
JITTER: Final = 0.1
"""Usual change of the loss from epoch to epoch, as a log-ratio, above which the last value is a matter of
luck (judged)."""
FEWEST: Final = 3
"""Points that the last third of a curve needs for its middle to mean something."""


def range_edges(best: Record) -> Check:
    """Ask whether a setting of the best recipe lies on the end of its range."""
    edges = [
        f"{name} on the {'upper' if unit > 0 else 'lower'} end"
        for name, unit in best.units.items()
        if abs(unit) > EDGE
    ]
    return Check(
        name="range edges",
        passed=not edges,
        message=f"trial {best.number} has {', '.join(edges)} of its range"
        if edges
        else "no setting lies on the end of its range",
        fix="widen that range, or try the recipe with the value beyond it: a better one may lie there",
    )


def still_improving(evidence: Evidence, best: Record) -> Check:
    """Ask whether the best run was at its best when it ended."""
    points = [point for point in best.curve if math.isfinite(point.valid_metric)]
    top = points[0] if points else None
    for point in points:
        if top is None or evidence.direction.better(point.valid_metric, top.valid_metric):
            top = point
    late = top is not None and len(points) > 1 and top is points[-1]
    where = f"at epoch {top.epoch} of {points[-1].epoch}" if top else "at an epoch that was not recorded"
    return Check(
        name="still improving",
        passed=not late,
        message=f"trial {best.number} was best {where}{', its last' if late else ''}",
        fix="train longer: the order of the optimizers may change with the length of the run",
        command=_search(evidence, f"--epochs {2 * best.epochs}"),
    )


def overfitting(evidence: Evidence, best: Record) -> Check:
    """Ask whether the best run went on learning its training rows at the cost of the others."""
    points = [point for point in best.curve if math.isfinite(point.valid_loss)]
    lowest = min(points, key=lambda point: point.valid_loss, default=None)
    message, passed = "validation loss does not rise while training loss falls", True
    if lowest is not None and _risen(points, lowest):
        passed = False
        losses = (
            f"from {number(lowest.valid_loss)} at epoch {lowest.epoch} to {number(points[-1].valid_loss)}"
        )
        message = f"validation loss of trial {best.number} rose {losses} while training loss fell"
    return Check(
        name="overfitting",
        passed=passed,
        message=message,
        fix="regularise (weight decay, dropout, label smoothing), get more rows, or train for fewer epochs",
        command="" if passed or lowest is None else _search(evidence, f"--epochs {max(lowest.epoch, 1)}"),
    )


def _risen(points: list[Measurement], lowest: Measurement) -> bool:
    late = points[-max(1, len(points) // 3) :]
    level = median(point.valid_loss for point in late)
    return (
        level - lowest.valid_loss > RISE * abs(lowest.valid_loss)
        and points[-1].train_loss < lowest.train_loss
    )


def late_variance(best: Record, loss_scale: LossScale | None) -> tuple[Check, ...]:
    """Ask, of runs long enough, whether the metric still jumps about when the run ends."""
    finite = [point.valid_metric for point in best.curve if math.isfinite(point.valid_metric)]
    late = finite[-(best.epochs // 3) :]
    if loss_scale is None or len(late) < FEWEST + 1:
        return ()
    gaps = [loss_scale.gap(value) for value in late]
    change = median(abs(after - before) for before, after in pairwise(gaps))
    return (
        Check(
            name="late variance",
            passed=change <= max(JITTER, 2 * loss_scale.resolution),  # a row more or less is no jitter
            message=f"over its last {len(late)} epochs trial {best.number} changed by {ratio(change)} "
            "of the loss an epoch",
            fix="average the weights (EMA), let the learning rate end lower, "
            "or hold back more rows for validation",
        ),
    )


def _search(evidence: Evidence, change: str) -> str:
    return f"{evidence.command} {change}" if evidence.command else ""
