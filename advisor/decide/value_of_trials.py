"""Value of more trials, or of more seeds: the chance that they would change the answer, from the posterior.

More trials: the best of n + k trials is one of the k new ones with probability k / (n + k), whatever the
losses are distributed like; how much better it then is follows an exponential whose mean makes the best of n
fall as `best_of` says. That holds of each optimizer and of all trials together, and the lesser fall counts:
those that are far behind catch up, none outruns what all have in reach.

The gain is at least what the search itself has shown: by how much its best fell whenever the trials doubled,
the later doublings weighing more. A sampler that learns gains more than the best of as many random trials:
with TPE on recorded tables of LCBench the 40 trials after the first 20 gained 0.34 on average, where the
exponential alone says 0.05.

More seeds: the posterior mean of each confirmed optimizer moves as fresh runs with the noise seen so far
would move it. Both are drawn with the same numbers every time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from advisor.decide.estimates import USUAL_OVERLAP, search_spread
from advisor.decide.posterior import Posterior
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence, has_quality

if TYPE_CHECKING:
    import numpy as np

DRAWS: Final = 4000
FEWEST_OF_TREND: Final = 4
"""Trials whose doubling the trend looks at."""
FADING: Final = 0.5
"""What a doubling counts for beside the one after it (judged: of 0, 0.25, 0.5 and 1 none was best on all
of 30 recorded tables, by the regret of searches that end by it)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueOfMore:
    """Value of more trials or seeds."""

    count: int
    """Of the trials in all, or of the seeds for each."""
    changes: float
    """Probability that another optimizer would then be better than the advised one by more than the tie
    margin, as far as anyone could see."""
    gain: float
    """Expected log-ratio by which the loss of what is advised would fall."""


def value_of_trials(
    evidence: Evidence,
    posterior: Posterior,
    advised: str,
    names: Collection[str],
    count: int,
    *,
    given_away: Mapping[str, float] | None = None,
) -> ValueOfMore | None:
    """Return what `count` more trials in all are worth, shared evenly.

    Args:
        evidence: with the trials so far.
        posterior: of the study.
        advised: the optimizer that is advised now.
        names: the optimizers that may be used, the advised one among them.
        count: of the trials to come.
        given_away: the gap that each gives away because its best recipe may not be used; None for none.

    Returns:
        None while no run is whole, or none of the advised one.
    """
    import numpy as np

    tried = [name for name in posterior.optimizers if name in names and evidence.complete(name)]
    if posterior.estimates.loss_scale is None or advised not in tried:
        return None
    means = posterior.means()
    now = np.array([means[name] + (given_away or {}).get(name, 0.0) for name in tried])
    each = np.array([len(evidence.complete(name)) for name in tried])
    spread = search_spread(evidence, posterior.estimates.loss_scale)
    chance = np.random.default_rng(0)
    fallen = now - _falls(spread, each, count / len(tried), chance.random((2, DRAWS, len(tried))))
    lowest = now.min() - _falls(spread, each.sum(), count, chance.random((2, DRAWS, len(tried))))
    # none falls below what the best of all trials together reaches
    then = np.minimum(now, np.maximum(fallen, lowest))
    value = _value(now, then, tried.index(advised), posterior.margin, count)
    shown = trend(_gaps_in_turn(evidence, posterior.estimates.loss_scale, tried), count)
    return replace(value, gain=max(value.gain, shown))


def trend(gaps: Sequence[float], count: int) -> float:
    """Return by how much the best of some trials falls with `count` more if it goes on as it did.

    Args:
        gaps: of the trials in the order they were made; infinite for one without a whole run.
        count: how many would come.

    Example:
        >>> round(trend([1.0, 1.0, 0.8, 0.8, 0.8, 0.6, 0.8, 0.8], 8), 3)  # by 0.2 with each doubling
        0.2
    """
    best = list(accumulate(gaps, min))
    falls, weights, trials, weight = 0.0, 0.0, len(best), 1.0
    while trials >= FEWEST_OF_TREND and math.isfinite(best[trials // 2 - 1]):
        falls += weight * (best[trials // 2 - 1] - best[trials - 1])
        weights, trials, weight = weights + weight, trials // 2, weight * FADING
    return falls / weights * math.log2(1 + count / len(best)) if weights else 0.0


def _gaps_in_turn(evidence: Evidence, loss_scale: LossScale, names: Collection[str]) -> list[float]:
    """Return the gap of each search trial of some optimizers, in their order."""
    trials = sorted((run for name in names for run in evidence.searched(name)), key=lambda run: run.number)
    return [loss_scale.gap(run.measured_quality) if has_quality(run) else math.inf for run in trials]


def _falls(spread: float, trials: Any, more: float, uniform: np.ndarray) -> np.ndarray:
    """Return by how much the best of so many trials falls with `more`, in draws; mostly not at all."""
    import numpy as np

    mean = spread * (1 / np.sqrt(trials) - 1 / np.sqrt(trials + more))
    beaten = more / (trials + more)
    falls: np.ndarray = np.where(uniform[0] < beaten, -np.log1p(-uniform[1]) * mean / beaten, 0.0)
    return falls


def value_of_seeds(
    posterior: Posterior, advised: str, repeated: Collection[str], count: int, *, fresh_splits: bool
) -> ValueOfMore:
    """Return what `count` more seeds for each of some optimizers are worth.

    Args:
        posterior: of the study.
        advised: the optimizer that is advised now.
        repeated: the optimizers that would be run again, the advised one among them.
        count: of the seeds to come, for each.
        fresh_splits: whether each comes with a split of its own; on the same rows their noise stays.
    """
    import numpy as np

    names = [name for name in posterior.optimizers if name in repeated]
    estimates = posterior.estimates
    means, spreads = posterior.means(), posterior.spreads()
    now = np.array([means[name] for name in names])
    known = np.array([spreads[name] for name in names]) ** 2
    # what no seed on these rows can tell, nor any on rows that splits have in common
    left = (USUAL_OVERLAP if fresh_splits else 1.0) * estimates.row_sd**2
    noise = (estimates.seed_sd**2 + estimates.row_sd**2 - left) / count
    open_still = np.maximum(known - left, 0.0)
    moved = open_still / np.sqrt(np.maximum(open_still + noise, 1e-12))
    then = now + moved * np.random.default_rng(0).standard_normal((DRAWS, len(names)))
    return _value(now, then, names.index(advised), posterior.margin, count)


def _value(now: np.ndarray, then: np.ndarray, advised: int, margin: float, count: int) -> ValueOfMore:
    lowest = then.min(axis=1)
    changed = then[:, advised] > lowest + margin
    gain = float((then[:, advised] - lowest).mean()) + float(now[advised] - then[:, advised].mean())
    return ValueOfMore(count=count, changes=float(changed.mean()), gain=max(0.0, gain))
