"""Yardsticks beside the answer: is a plain model as good on the same rows?"""

from __future__ import annotations

import math

from advisor.decide.scale import LossScale
from advisor.evidence import Evidence, has_quality
from advisor.statements.statement import Statement
from advisor.statements.yardsticks import YardstickIsBetter, YardstickLeftOut, YardsticksReach
from studies.yardstick import Yardstick


def yardstick_reasons(
    evidence: Evidence, quality: float | None, margin: float, *, in_trial: bool = False
) -> tuple[Statement, ...]:
    """Return what plain models reach beside the advised recipe; nothing where none was trained.

    Args:
        evidence: with the yardsticks and the records.
        quality: of the advised recipe; None before it was trained.
        margin: the tie margin, a log-ratio of losses.
        in_trial: whether that quality is of its search trial, where it was confirmed on other rows.
    """
    better = better_yardstick(evidence, quality, margin, in_trial=in_trial)
    measured = _measured(evidence)
    reach = (
        YardsticksReach(
            metric=evidence.metric,
            models=tuple(yardstick.model for yardstick, _ in measured),
            qualities=tuple(reached for _, reached in measured),
            seconds=tuple(yardstick.seconds for yardstick, _ in measured),
            constant=_constant(evidence),
            quality=quality,
            in_trial=in_trial,
        ),
    )
    left_out = tuple(
        YardstickLeftOut(model=yardstick.model, why=yardstick.left_out)
        for yardstick in evidence.yardsticks
        if yardstick.left_out
    )
    return (*([better] if better else []), *(reach if measured else ()), *left_out)


def better_yardstick(
    evidence: Evidence, quality: float | None, margin: float, *, in_trial: bool = False
) -> YardstickIsBetter | None:
    """Return the best plain model where it beats the advised recipe by more than the margin, else None."""
    measured, loss_scale = _measured(evidence), LossScale.of(evidence)
    if quality is None or loss_scale is None or not measured:
        return None
    direction = evidence.direction
    yardstick, reached = min(measured, key=lambda pair: direction.loss(pair[1]))
    if _gap(loss_scale, quality, reached) <= margin:
        return None
    best = direction.best(
        [
            record.quality
            for record in evidence.records
            if record.stage != "compress" and has_quality(record) and record.quality is not None
        ]
    )
    if best is None:
        return None
    return YardstickIsBetter(
        model=yardstick.model,
        metric=evidence.metric,
        model_quality=reached,
        model_seconds=yardstick.seconds,
        quality=quality,
        best_quality=best,
        matched=not direction.better(reached, best),
        in_trial=in_trial,
    )


def _gap(loss_scale: LossScale, quality: float, reached: float) -> float:
    """Return the log-ratio of the losses of two qualities, each no smaller than can be told from none."""
    return math.log(loss_scale.loss(quality) / loss_scale.loss(reached))


def _measured(evidence: Evidence) -> list[tuple[Yardstick, float]]:
    return [(each, each.quality) for each in evidence.yardsticks if each.quality is not None]


def _constant(evidence: Evidence) -> float | None:
    baseline = evidence.baseline
    return baseline if baseline is not None and math.isfinite(baseline) else None
