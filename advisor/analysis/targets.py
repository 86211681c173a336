"""Time to target: how soon each optimizer is as good as a target, in seconds and in steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from advisor.decide.scale import LossScale
from advisor.evidence import has_quality
from studies.direction import Direction
from studies.record import Measurement, Record

if TYPE_CHECKING:
    from advisor.evidence import Evidence
    from advisor.recommendation import Recommendation


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeToTarget:
    """Time to target: how soon an optimizer's whole runs reach it."""

    optimizer: str
    runs: int
    reached: int
    """Runs of these that reach it."""
    fastest_trial: int | None
    """The trial that is first there; None where none is."""
    fastest_seconds: float | None
    fewest_steps: int | None
    median_seconds: float | None
    """Of the runs that reach it."""
    median_steps: float | None


def default_target(evidence: Evidence, advice: Recommendation) -> float | None:
    """Return the recommended quality less the tie margin: as good as the answer, for all that matters."""
    loss_scale = LossScale.of(evidence)
    if loss_scale is None or advice.quality is None:
        return None
    if advice.quality == 0:  # no error is left, or nothing was reached: a share of that is nothing
        return 0.0
    return loss_scale.quality(loss_scale.gap(advice.quality) + advice.margin)


def times_to_target(evidence: Evidence, target: float) -> tuple[TimeToTarget, ...]:
    """Return for each optimizer with whole runs how soon they reach a target, the fastest first.

    Confirmation runs count.
    """
    times = []
    for name in evidence.optimizers:
        runs = [
            run
            for run in (*evidence.complete(name), *evidence.confirmations(name))
            if has_quality(run) and run.curve
        ]
        if runs:
            times.append(_time_to_target(name, runs, target, evidence.direction))
    return tuple(sorted(times, key=lambda time: (_or_never(time.fastest_seconds), time.optimizer)))


def _time_to_target(name: str, runs: list[Record], target: float, direction: Direction) -> TimeToTarget:
    arrivals = [(point, run.number) for run in runs if (point := first(run, target, direction))]
    fastest = min(arrivals, key=lambda arrival: (arrival[0].seconds, arrival[1]), default=None)
    return TimeToTarget(
        optimizer=name,
        runs=len(runs),
        reached=len(arrivals),
        fastest_trial=fastest[1] if fastest else None,
        fastest_seconds=fastest[0].seconds if fastest else None,
        fewest_steps=min((point.step for point, _ in arrivals), default=None),
        median_seconds=median(point.seconds for point, _ in arrivals) if arrivals else None,
        median_steps=median(point.step for point, _ in arrivals) if arrivals else None,
    )


def first(run: Record, target: float, direction: Direction) -> Measurement | None:
    """Return the first point of a run that is as good as a target."""
    finite = (point for point in run.curve if math.isfinite(point.valid_metric))
    return next((point for point in finite if not direction.better(target, point.valid_metric)), None)


def performance_profile(ratios: dict[str, dict[str, float]]) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the performance profile of each optimizer (Dolan and More 2002).

    At each step: (ratio, share of studies within it).

    Args:
        ratios: for each study, each optimizer's cost over the least one of that study; infinite where it
            never got there. Only optimizers that are in every study are compared.
    """
    shared = set.intersection(*map(set, ratios.values())) if ratios else set()
    profiles = {}
    for name in sorted(shared):
        reached = sorted(study[name] for study in ratios.values() if math.isfinite(study[name]))
        profiles[name] = tuple(
            (ratio, sum(other <= ratio for other in reached) / len(ratios))
            for ratio in dict.fromkeys(reached)
        )
    return profiles


def loss_ratios(evidence: Evidence, advice: Recommendation) -> dict[str, float]:
    """Return each optimizer's loss over the best one's, of its confirmed recipe or its best trial."""
    loss_scale = LossScale.of(evidence)
    if loss_scale is None:
        return {}
    known = {contender.optimizer: contender.quality for contender in advice.contenders}
    gaps = {name: loss_scale.gap(quality) for name, quality in known.items() if quality is not None}
    least = min(gaps.values(), default=0.0)
    return {name: math.exp(gap - least) for name, gap in gaps.items()}


def time_ratios(evidence: Evidence, target: float) -> dict[str, float]:
    """Return each optimizer's least seconds to a target over the fastest one's; infinite if never."""
    times = times_to_target(evidence, target)
    seconds = {time.optimizer: _or_never(time.fastest_seconds) for time in times}
    least = min(seconds.values(), default=math.inf)
    return {name: value / max(least, 1e-9) for name, value in seconds.items()} if math.isfinite(least) else {}


def _or_never(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds
