"""Tuning curves: the quality that the best of so many trials of an optimizer has, drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from advisor.decide.scale import rank_chances
from advisor.evidence import Evidence
from studies.direction import Direction

POINTS: Final = 40
"""Budgets at which a curve has points."""
QUARTILES: Final = (0.25, 0.75)


@dataclass(frozen=True, kw_only=True, slots=True)
class TuningPoint:
    """Point of a tuning curve: the quality of the best of so many trials of an optimizer."""

    trials: int
    mean: float
    lower: float
    """The worse quartile: a quarter of all draws of so many trials have a best one that is worse."""
    upper: float
    """The better quartile."""


def tuning_curves(evidence: Evidence) -> dict[str, tuple[TuningPoint, ...]]:
    """Return for each optimizer the best quality to expect of 1 to all of its trials, at up to 40 budgets.

    Whole runs and lost ones count, a lost one as the worst whole run of the study; one that was stopped early
    does not, since nobody knows where it would have ended. The expected validation performance of Dodge et
    al. 2019 (arXiv 1909.03004), with quartiles: what a search would have given that drew these recipes in
    random order.
    """
    whole = {
        name: [run.quality for run in evidence.complete(name) if run.quality is not None]
        for name in evidence.optimizers
    }
    everything = [quality for qualities in whole.values() for quality in qualities]
    if not everything:
        return {}
    loss = evidence.direction.loss
    worst = max(map(loss, everything))
    losses = {}
    for name, qualities in whole.items():
        lost = sum(record.state == "infeasible" for record in evidence.searched(name))
        if qualities:
            losses[name] = sorted([*map(loss, qualities), *[worst] * lost])
    shared = min(map(len, losses.values()))
    return {
        name: tuple(
            _tuning_point(values, trials, evidence.direction) for trials in _budgets(len(values), shared)
        )
        for name, values in losses.items()
    }


def _budgets(most: int, shared: int) -> list[int]:
    """Return budgets from 1 to the most, evenly far apart as ratios, and the one that every optimizer has."""
    steps = min(POINTS, most)
    return sorted({round(most ** (step / max(1, steps - 1))) for step in range(steps)} | {1, shared, most})


def _tuning_point(losses: Sequence[float], trials: int, direction: Direction) -> TuningPoint:
    """Return the point for so many draws with replacement from losses, the smallest first."""
    share = rank_chances(len(losses), trials)
    mean = math.fsum(loss * chance for loss, chance in zip(losses, share, strict=True))
    upto = list(accumulate(share))
    better, worse = (
        next((loss for loss, reached in zip(losses, upto, strict=True) if reached >= quartile), losses[-1])
        for quartile in QUARTILES
    )
    return TuningPoint(
        trials=trials,
        mean=direction.value_of(mean),
        lower=direction.value_of(worse),
        upper=direction.value_of(better),
    )
