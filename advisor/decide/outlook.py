"""Outlook of a search: what more trials are expected to gain of the metric, and what seeds make of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from advisor.decide.confirmation import Contention
from advisor.decide.decision import Explained
from advisor.decide.estimates import Estimates
from advisor.decide.value_of_trials import value_of_trials
from advisor.evidence import Evidence, has_quality
from advisor.statements.going_on import HalfTheEpochs, StoppedEarly, half_way
from studies.outlook import Outlook

MEAN_DIFFERENCE: Final = 2 / math.sqrt(math.pi)
"""Standard deviations that two normal numbers differ by on average."""
STEADY: Final = "Constant"
"""The schedule that does not take the learning rate down."""


def outlook(evidence: Evidence, trials_left: int) -> Outlook | None:
    """Return what so many more trials are expected to gain, as `value_of_trials` says it of any answer.

    Args:
        evidence: the trials so far.
        trials_left: how many would come.

    Returns:
        None without a whole run that may be used.

    Example:
        >>> outlook(Evidence(candidates=("AdamW", "SGD")), 20) is None
        True
    """
    contention = Contention.of(evidence)
    if contention is None:
        return None
    posterior, fits = contention.posterior, contention.fits
    tried = [name for name, recipe in fits.items() if recipe.record is not None]
    given_away = {name: recipe.given_away for name, recipe in fits.items()}
    means, scale = posterior.means(), posterior.estimates.loss_scale
    best = min(tried, key=lambda name: means[name] + given_away[name], default=None)
    if best is None or scale is None or (quality := fits[best].quality) is None:
        return None
    value = value_of_trials(evidence, posterior, best, tried, trials_left, given_away=given_away)
    if value is None:
        return None
    return Outlook(
        trials=sum(record.searched for record in evidence.records),
        trials_left=trials_left,
        gain=-scale.loss(quality) * math.expm1(-value.gain),
        noise=seed_difference(posterior.estimates, quality),
    )


def seed_difference(estimates: Estimates, quality: float) -> float:
    """Return by how much the metric of two seeds of such a recipe differs on the same rows, on average."""
    scale = estimates.loss_scale
    return scale.loss(quality) * math.expm1(MEAN_DIFFERENCE * estimates.seed_sd) if scale else 0.0


def stopped_early(explained: Explained) -> Iterator[StoppedEarly]:
    """Say why the search ended before its budget did, if it did."""
    evidence = explained.evidence
    ahead = evidence.outlook
    if ahead and ahead.settled and ahead.trials <= sum(record.searched for record in evidence.records):
        yield StoppedEarly(metric=evidence.metric, outlook=ahead)


def half_the_epochs(explained: Explained) -> Iterator[HalfTheEpochs]:
    """Say what the confirmed runs of the advised recipe had reached half-way, where their curves tell."""
    evidence, recipe = explained.evidence, explained.decision.recipe.training
    runs, quality = [run for run in recipe.runs if has_quality(run) and run.curve], recipe.quality
    lengths = {run.curve[-1].epoch for run in runs}
    epochs = max(lengths, default=0)
    if len(lengths) != 1 or epochs < 2 or len(runs) < len(recipe.measured_runs) or quality is None:
        return
    reached = half_way(runs, epochs // 2, evidence.direction)
    if reached is None:
        return
    schedule = str(runs[0].params.get("schedule", ""))
    yield HalfTheEpochs(
        subjects=(recipe.optimizer,),
        trials=tuple(run.number for run in runs),
        metric=evidence.metric,
        direction=evidence.direction,
        epochs=epochs,
        half=epochs // 2,
        quality=quality,
        half_quality=reached,
        noise=seed_difference(explained.posterior.estimates, quality),
        schedule=schedule,
        falls=schedule not in {"", STEADY},
    )
