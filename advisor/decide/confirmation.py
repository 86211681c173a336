"""Confirmation: which recipes the answer rests on, or could, so that these are run again with fresh seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from advisor.decide.decision import Decision, decide
from advisor.decide.feasible import feasible_recipes
from advisor.decide.feasible_recipe import FeasibleRecipe
from advisor.decide.posterior import Posterior
from advisor.decide.rulebook import apply_rules
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence
from studies.errors import NothingFeasible
from studies.search.confirm import MOST_SEEDS, SEEDS

UNLIKELY: Final = 0.1
"""Chance below which nothing is run again for it. Of 0.05, 0.1, 0.2 and 0.3 chosen on recorded tasks by the
Brier score of the advice: 0.051, 0.049, 0.083, 0.115 with 7.0, 6.6, 5.9 and 5.5 runs, and 0.049 with 9.3 runs
when every finalist gets three seeds; on tasks left out 0.172, 0.169, 0.189, 0.197, and 0.150 with 9.0."""


@dataclass(frozen=True, kw_only=True)
class Contention:
    """Contention: what would be used of each optimizer, and which of them is best when any may win."""

    posterior: Posterior
    fits: Mapping[str, FeasibleRecipe]
    decision: Decision

    @classmethod
    def of(cls, evidence: Evidence) -> Self | None:
        """Return who is in contention; None where nothing fits the limits."""
        findings = apply_rules(evidence)
        posterior = Posterior.of(evidence, findings)
        summary = TrialSummary.of(evidence, posterior.estimates)
        try:
            fits, _ = feasible_recipes(evidence, summary, findings)
        except NothingFeasible:
            return None
        return cls(
            posterior=posterior, fits=fits, decision=decide(evidence, posterior, fits, unconfirmed=True)
        )


def recipes_in_question(evidence: Evidence) -> tuple[int, ...]:
    """Return the trials whose recipes may be the answer, the preferred one first; none without a whole run.

    They are what `decide` holds best when the unconfirmed may win; of those that it cannot tell from it each
    that has not had its full number of seeds, as a goal may choose it; and of all that were run again, each
    that may be noticeably better and that more seeds could put first. The goal itself has no say, so that no
    time or size decides what is run again.
    """
    contention = Contention.of(evidence)
    if contention is None:
        return ()
    fits, (preferred, *tied) = contention.fits, contention.decision.tied
    begun = [name for name in contention.decision.in_question if 0 < len(fits[name].training.runs) < SEEDS]
    fresh_splits = any(record.split_seed is not None for record in evidence.records)
    rivals = [
        name
        for name in dict.fromkeys((*tied, *begun))
        if name != preferred
        and (
            (name in tied and len(fits[name].training.runs) < SEEDS)
            or _may_win(contention.posterior, fits, preferred, name, fresh_splits=fresh_splits)
        )
    ]
    records = [fits[name].training.record for name in (preferred, *rivals)]
    return tuple(record.number for record in records if record)


def _may_win(
    posterior: Posterior,
    fits: Mapping[str, FeasibleRecipe],
    preferred: str,
    rival: str,
    *,
    fresh_splits: bool,
) -> bool:
    """Tell whether a rival may be noticeably better, and more seeds could put it first.

    What n seeds leave open of the noise of one run is its variance / n; on fresh splits that is also the
    noise of the rows, which the same rows never tell.
    """
    left, right = (posterior.optimizers.index(name) for name in (preferred, rival))
    lead = posterior.draws[:, :, right] - posterior.draws[:, :, left]
    lead = lead + fits[rival].given_away - fits[preferred].given_away
    better = float(posterior.weights @ (lead < -posterior.margin).mean(axis=1))
    distance = float(posterior.weights @ lead.mean(axis=1))
    measured = posterior.estimates
    noise = measured.seed_sd**2 + (measured.row_sd**2 if fresh_splits else 0.0)
    removed = noise * sum(_still_open(fits[name]) for name in (preferred, rival))
    return better >= UNLIKELY and removed > 0 and _below(-distance / math.sqrt(removed)) >= UNLIKELY


def _still_open(recipe: FeasibleRecipe) -> float:
    """Return the share of one run's variance that the seeds still allowed would remove."""
    return max(0.0, 1 / max(1, len(recipe.training.runs)) - 1 / MOST_SEEDS)


def _below(value: float) -> float:
    """Return the chance that a standard normal number is smaller."""
    return (1 + math.erf(value / math.sqrt(2))) / 2
