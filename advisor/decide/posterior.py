"""Posterior over optimizers: a prior from rules and published records, updated by the trials.

The model, for optimizer a with prior advantage m_a and an estimate y_a from its trials (see `estimates`):

    V_a = mu - s m_a + s z_a    the gap of its recipe; z_a ~ N(0, 1), log s ~ N(log 0.3, 0.8^2), mu flat
    y_a = V_a + e_a             what was seen of it; e_a ~ N(0, variance_a)

The recipe in hand is what a reader takes home, so the probabilities are about it; asked with `tuning_trials`,
they are about each optimizer tuned anew with so many trials. s says how far apart the recipes lie on this
problem. It is integrated over a grid, as is the factor by which all variances may be wrong: wide until seeds
were compared, so that no noisy study is decided by its luck. mu is integrated in closed form, and V is then
normal. Draws from that mixture give the probability of being the best, of lying within the tie margin of the
best, and the expected regret, the expected log-ratio of the loss to the best one's. With no prior and equal
variances the posterior means keep the order of the y: confidence, not cleverness, is what the model adds.

The tie margin is a region of practical equivalence (Benavoli et al. 2017, JMLR 18): 2 % of the error, or the
spread over seeds where that is more, up to a tenth, or what half a validation row makes of the best loss: two
that are right on every row tie.

Judgement calls, checked against what came true on the recorded tasks (`benchmarks.advice`): the prior's 0.3
is the usual spread of tuned optimizers on small tasks, its 0.8 lets one study differ from another by a factor
of two either way; once anything was trained the advantages m count a tenth, as in full they led to worse
picks than none at one and two trials each; without any trial of anything no probability is stated above 0.60.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import TYPE_CHECKING, Final

from advisor.decide.estimates import Estimates, estimates
from advisor.evidence import Evidence, Finding
from advisor.published.rates import rate
from studies.facts import Facts

if TYPE_CHECKING:
    import numpy as np

RULE_CLIP: Final = 1.5
TOTAL_CLIP: Final = 2.5
"""Log-odds that one rule, and everything said before a trial, may add: 82:18 and 92:8; no prior survives a
few clear trials."""
MARGIN: Final = 0.02
"""Tie margin: 2 % of the error matters to nobody."""
WIDEST: Final = 0.1
"""Most that the spread over seeds may widen it to: a tenth of the error matters, however hard it is to
measure."""
PRIOR_CAP: Final = 0.60
"""Largest probability stated before any trial."""
SPREAD: Final = (math.log(0.3), 0.8)
"""Mean and standard deviation of log s."""
PRIOR_WEIGHT: Final = 0.1
"""What the prior's advantages count for once anything was trained."""
GRID: Final = 25
NOISES: Final = 5
"""Grid points of the factor by which all variances may be wrong, for each point of s."""
PAIRS: Final = 200
"""Antithetic pairs of draws at each grid point; the standard error of a probability is below 0.005."""


def tie_margin(measured: Estimates) -> float:
    """Return the log-ratio of losses below which two recipes count as equally good."""
    return max(MARGIN, min(WIDEST, measured.measured_seed_sd or 0.0), measured.resolution)


@dataclass(frozen=True, kw_only=True, slots=True)
class PosteriorSummary:
    """Posterior summary of one optimizer among those that may be used."""

    p_best: float
    p_tie: float
    expected_regret: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Posterior:
    """Posterior over the gaps of all optimizers' recipes in hand; it does not depend on any limit."""

    optimizers: tuple[str, ...]
    """Sorted by name, so that the order of candidates changes nothing."""
    estimates: Estimates
    margin: float
    """Tie margin, a log-ratio of losses."""
    weights: np.ndarray
    """Weight of each grid point of s, (grid,)."""
    draws: np.ndarray
    """Draws of V at each grid point, (grid, draws, optimizers)."""

    @classmethod
    def of(
        cls, evidence: Evidence, findings: Iterable[Finding] = (), *, tuning_trials: int | None = None
    ) -> Posterior:
        """Return the posterior, from the records and the findings of the rules.

        Args:
            evidence: facts, records and candidates; limits and goal do not count here.
            findings: of the rules; only their strengths count.
            tuning_trials: the number of trials with which an unconfirmed optimizer is tuned anew; None for
                the recipe in hand.
        """
        names = tuple(sorted(evidence.optimizers))
        measured = estimates(evidence, tuning_trials=tuning_trials)
        log_odds = prior_log_odds(evidence.facts, findings, names)
        weight = PRIOR_WEIGHT if measured.by_optimizer else 1.0
        advantage = [weight * value for value in advantages([log_odds[name] for name in names])]
        weights, draws = posterior_draws(names, measured, advantage)
        margin = tie_margin(measured)
        return cls(optimizers=names, estimates=measured, margin=margin, weights=weights, draws=draws)

    def summaries(self, given_away: Mapping[str, float]) -> dict[str, PosteriorSummary]:
        """Return the summary of each optimizer among those named.

        Args:
            given_away: for each optimizer that may be used, the gap it gives away because its best recipe
                may not be; usually 0.
        """
        import numpy as np

        names = list(given_away)
        columns = [self.optimizers.index(name) for name in names]
        values = self.draws[:, :, columns] + np.array([given_away[name] for name in names])
        lowest = values.min(axis=2, keepdims=True)
        cap = 1.0 if self.estimates.by_optimizer else PRIOR_CAP
        p_best = np.minimum(cap, self._mean(values <= lowest))
        p_tie = np.minimum(cap, self._mean(values <= lowest + self.margin))
        regret = self._mean(values - lowest)
        return {
            name: PosteriorSummary(
                p_best=float(p_best[i]), p_tie=float(p_tie[i]), expected_regret=float(regret[i])
            )
            for i, name in enumerate(names)
        }

    def means(self) -> dict[str, float]:
        """Return the posterior mean of each gap."""
        return dict(zip(self.optimizers, map(float, self._mean(self.draws)), strict=True))

    def spreads(self) -> dict[str, float]:
        """Return the posterior standard deviation of each gap, about the mean of all gaps."""
        apart = self.draws - self.draws.mean(axis=2, keepdims=True)
        means = self._mean(apart)
        variance = self._mean(apart**2) - means**2
        return dict(zip(self.optimizers, map(float, variance.clip(0) ** 0.5), strict=True))

    def beats(self) -> dict[str, dict[str, float]]:
        """Return for each optimizer the probability that its gap is smaller than each other's.

        Of the posterior mean loss that is, not of the luck of one run: with many trials it nears 0 or 1 for
        optimizers that are hardly apart. Each two add up to 1.
        """
        chances: dict[str, dict[str, float]] = {name: {} for name in self.optimizers}
        for place, name in enumerate(self.optimizers):
            ahead = self._mean(self.draws[:, :, place, None] < self.draws)
            behind = self._mean(self.draws[:, :, place, None] > self.draws)
            for other, wins, loses in zip(self.optimizers, ahead, behind, strict=True):
                if other != name:
                    chances[name][other] = float(wins + (1 - wins - loses) / 2)
        return chances

    def _mean(self, values: np.ndarray) -> np.ndarray:
        average: np.ndarray = self.weights @ values.mean(axis=1)
        return average


def prior_log_odds(facts: Facts, findings: Iterable[Finding], optimizers: Iterable[str]) -> dict[str, float]:
    """Return the log-odds of each optimizer before any trial: base rate and what rules add, both clipped."""
    strengths: dict[tuple[str, str], float] = defaultdict(float)
    for finding in findings:
        strengths[finding.subject, finding.rule] += finding.strength
    totals = {name: base_rate(facts, name) for name in optimizers}
    for (subject, _), strength in sorted(strengths.items()):
        if subject in totals:
            totals[subject] += _clip(strength, RULE_CLIP)
    return {name: _clip(total, TOTAL_CLIP) for name, total in totals.items()}


def base_rate(facts: Facts, optimizer: str) -> float:
    """Return the published log-odds of an optimizer against AdamW on such problems; 0 if unpublished."""
    return _clip(rate(facts, optimizer).log_odds, TOTAL_CLIP)


def advantages(log_odds: Sequence[float]) -> list[float]:
    """Return probit advantages m: in the prior, P(a beats b) = Phi((m_a - m_b) / sqrt 2).

    That is near expit(1.7 x (m_a - m_b) / sqrt 2).
    """
    mean = fmean(log_odds) if log_odds else 0.0
    return [math.sqrt(2) / 1.7 * (value - mean) for value in log_odds]


def posterior_draws(
    names: Sequence[str], measured: Estimates, advantage: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of the grid over s and draws of V at each of its points.

    Shapes: (grid,) and (grid, draws, optimizers).
    """
    import numpy as np

    by_name = [measured.by_optimizer.get(name) for name in names]
    gap = np.array([estimate.gap if estimate else 0.0 for estimate in by_name])
    told_variance = np.array([estimate.variance if estimate else np.inf for estimate in by_name])
    center, width = SPREAD
    nodes, doubts = (
        grid.ravel() for grid in np.meshgrid(np.linspace(-3, 3, GRID), np.linspace(-2, 2, NOISES))
    )
    s = np.exp(center + width * nodes)[:, None]
    variance = told_variance * np.exp(2 * measured.noise_doubt * doubts)[:, None]
    m = np.asarray(advantage)[None, :]

    precision = 1 / (s**2 + variance)  # of y_a given mu and s; 0 where nothing was seen
    total = precision.sum(axis=1, keepdims=True)
    # no trial of anything: mu stays at 0, only differences mean something
    total = np.where(total > 0, total, 1.0)
    mu = (precision * (gap + s * m)).sum(axis=1, keepdims=True) / total
    misfit = (precision * (gap + s * m - mu) ** 2).sum(axis=1)
    volume = np.log(np.where(precision > 0, precision, 1.0)).sum(axis=1) - np.log(total[:, 0])
    log_weight = -(nodes**2 + doubts**2) / 2 + (volume - misfit) / 2
    weights = np.exp(log_weight - log_weight.max())

    trust = s**2 * precision  # how much of the estimate stays; the rest is drawn to the prior
    mean = trust * gap + (1 - trust) * (mu - s * m)
    spread = s * np.sqrt(1 - trust)
    normal = _normals(len(names) + 1)
    shared = normal[:, :, :1] * np.sqrt(1 / total)[:, None] * (1 - trust)[:, None, :]
    return weights / weights.sum(), mean[:, None, :] + shared + normal[:, :, 1:] * spread[:, None, :]


@lru_cache(maxsize=4)
def _normals(count: int) -> np.ndarray:
    """Return the same antithetic draws every time, (grid, draws, count)."""
    import numpy as np

    half = np.random.default_rng(0).standard_normal((GRID * NOISES, PAIRS, count))
    return np.concatenate([half, -half], axis=1)


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
