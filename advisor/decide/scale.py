"""Loss scale: a trial's gap is log(loss / smallest loss of a whole run); 0.05 is about 5 % more error.

On this scale studies with different metrics look alike, and a difference of two gaps is a ratio of two
losses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from advisor.evidence import Evidence, has_quality
from studies.direction import Direction

CAP: Final = 2.0
"""Gap of a trial that diverged or broke a limit, and the most any search trial counts for: 7.4 times the best
loss."""
TINY: Final = 1e-12
UNKNOWN_ROWS: Final = 10_000
"""Validation rows where nobody said how many there are: a size at which half a row is below most spreads over
seeds."""
SHARES: Final = frozenset({"accuracy", "balanced_accuracy", "f1", "roc_auc", "precision", "recall"})
"""Metrics that are never below 0."""
CEILINGS: Final = (1.0, 100.0)
"""What a maximized score may at most be: a share, or per cent."""

SHARED: Final = 0.85
"""Share of the validation mistakes that good recipes have in common; on the recorded tasks it came to 0.6 to
1, on average 0.85 to 0.9."""

SEED_SD: Final = 0.03
"""Spread of a gap over seeds where mistakes are many: 1.5 to 5 % on the recorded regressions, 0.8 to 17 % of
the error as published (HPOlib's four networks)."""
SEED_ROWS: Final = 0.08
"""Variance over seeds where one row is wrong; it falls as 1 / (1 + wrong rows). On the recorded tasks the
spread is 0.2 to 0.5 at up to one wrong row, 0.15 at 4 and 0.05 at 30; one task of signals has twice that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LossScale:
    """Loss scale: turns metric values into gaps."""

    direction: Direction
    """Of the metric."""
    origin: float
    """The metric's value at which no loss is left."""
    floor: float
    """The smallest loss that can be told from none: half a validation row for scores."""
    best: float
    """The smallest loss of a whole run."""
    rows: int
    """Validation rows."""
    worst: float = -math.inf
    """The least that the metric can be, where its name tells; no interval reaches below."""

    @classmethod
    def of(cls, evidence: Evidence) -> LossScale | None:
        """Return the scale of a study's metric; None while no run is complete.

        A maximized metric has the ceiling 1, or 100 when a value exceeds 1, or twice the best value when one
        exceeds 100; a name that starts with `neg` says 0. A minimized metric ends at 0; when the best is
        negative (a log-density), at twice the best, so that the gap is log(1 + difference / |best|).
        """
        # compression moves no scale
        trained = (record for record in evidence.records if record.stage != "compress")
        values = [record.quality for record in trained if has_quality(record) and record.quality is not None]
        if not values:
            return None
        rows = evidence.valid_rows or UNKNOWN_ROWS
        if not evidence.direction.maximizes:
            origin = min(0.0, 2 * min(values))
            return cls(
                direction=evidence.direction,
                origin=origin,
                floor=TINY,
                best=max(TINY, min(values) - origin),
                rows=rows,
            )
        best = max(values)
        ceiling = next((top for top in CEILINGS if best <= top), 2 * best)
        origin = 0.0 if evidence.metric.startswith("neg") else ceiling
        floor = 0.5 * origin / rows if origin in CEILINGS else TINY
        return cls(
            direction=evidence.direction,
            origin=origin,
            floor=floor,
            best=max(floor, origin - best),
            rows=rows,
            worst=0.0 if evidence.metric in SHARES else -math.inf,
        )

    @property
    def resolution(self) -> float:
        """Return the gap that half a validation row makes at the best loss; next to nothing for no score."""
        return math.log1p(self.floor / self.best)

    @property
    def row_variance(self) -> float:
        """Return the variance of a gap over validation sets of this size, at the best recipe.

        Of w wrong rows each recipe has its own in (1 - SHARED) w, a Poisson number, so log w varies by (1 -
        SHARED) / w; one row more keeps it finite at none. The log of a root mean square over r rows of normal
        errors varies by 1 / (2 r), so there w is 2 r. No number of seeds on the same rows makes this less.
        """
        return (1 - SHARED) / (1 + self._wrong)

    def rows_variance(self, gap: float, rows: int) -> float:
        """Return the variance of one recipe's gap over sets of so many rows, mistakes in common included."""
        wrong = self._wrong * math.exp(gap) if self.floor > TINY else 2 * self.rows
        return 1 / (1 + wrong * rows / self.rows)

    @property
    def seed_variance(self) -> float:
        """Return the variance of a gap over seeds that is expected before any was measured."""
        return SEED_SD**2 + SEED_ROWS / (1 + self._wrong)

    @property
    def _wrong(self) -> float:
        """Return the wrong rows at the best recipe, or as many as leave the same doubt about a mean."""
        return 0.5 * self.best / self.floor if self.floor > TINY else 2 * self.rows

    def loss(self, quality: float) -> float:
        """Return the loss behind a metric value: the error 1 - score, or the metric itself if minimized."""
        return max(self.floor, self.direction.loss(quality - self.origin))

    def gap(self, quality: float) -> float:
        """Return log(loss / best)."""
        return math.log(self.loss(quality) / self.best)

    def quality(self, gap: float) -> float:
        """Return the metric value with a gap: the inverse of `gap`, but for what the floor has cut off."""
        return self.origin + self.direction.value_of(self.best * math.exp(gap))


def best_of(gaps: Sequence[float], trials: int, spread: float) -> float:
    """Return the expected smallest gap of `trials` trials, estimated from the `gaps` that were seen.

    With at least `trials` gaps: the V-statistic, the mean of the smallest of `trials` draws with replacement,
    which is the "expected validation performance" of Dodge et al. 2019 (arXiv 1909.03004). It is biased where
    the U-statistic of Tang et al. 2020 (arXiv 2004.13705) is not, but leads to fewer wrong conclusions (Dodge
    et al. 2021, arXiv 2110.00613). With fewer, n: the smallest gap, less spread x (1 / sqrt n - 1 / sqrt
    trials), as the mean of the best of n falls the way its standard deviation does. (From 1, 2 and 5 trials
    to 15 the recorded tasks fell by 0.51, 0.27 and 0.08; with a spread of 0.6 this says 0.44, 0.27 and 0.11.)
    """
    ranked, n = sorted(gaps), len(gaps)
    if n < trials:
        return ranked[0] - spread * (1 / math.sqrt(n) - 1 / math.sqrt(trials))
    return _expected(ranked, rank_chances(n, trials))


def variance_of_best(gaps: Sequence[float]) -> float:
    """Return the bootstrap variance of the smallest of so many draws; 0 for a single draw."""
    ranked, chances = sorted(gaps), rank_chances(len(gaps), len(gaps))
    mean = _expected(ranked, chances)
    return _expected([(gap - mean) ** 2 for gap in ranked], chances)


def _expected(values: Sequence[float], chances: Sequence[float]) -> float:
    return math.fsum(value * chance for value, chance in zip(values, chances, strict=True))


def rank_chances(n: int, trials: int) -> list[float]:
    """Return for each rank the chance that it is the smallest of so many draws with replacement from n."""
    beyond = [((n - rank) / n) ** trials for rank in range(n + 1)]  # P(no draw is among the `rank` smallest)
    return [wider - narrower for wider, narrower in pairwise(beyond)]


def luck_of_best(gaps: Sequence[float], noise_sd: float) -> float:
    """Return by how much the noise has flattered the best of these trials, on average.

    Tweedie's formula (Efron 2011, JASA 106) with the trials themselves for the density: the best one is drawn
    to the mean of those within reach of the noise. 0 where it lies far below all others or level with them.
    """
    best = min(gaps)
    weights = [math.exp(-(((gap - best) / noise_sd) ** 2) / 2) for gap in gaps] if noise_sd > 0 else [1.0]
    return math.fsum(w * (gap - best) for w, gap in zip(weights, gaps, strict=False)) / math.fsum(weights)
