"""What a trial is worth: log(loss / smallest loss of a whole run in the study), so that 0.05 is about 5 % more error.

On this scale studies with different metrics look alike, and a difference of two gaps is a ratio of two losses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist, pstdev
from typing import Final

from advisor.evidence import Evidence, has_quality

CAP: Final = 2.0
"""Gap of a trial that diverged or broke a limit, and the most any search trial counts for: 7.4 times the best loss."""
TINY: Final = 1e-12
UNKNOWN_ROWS: Final = 10_000
"""Validation rows where nobody said how many there are: a size at which half a row is below most spreads over seeds."""
CEILINGS: Final = (1.0, 100.0)
"""What a maximized score may at most be: a share, or per cent."""

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Turns metric values into gaps."""

    sign: float
    """-1 when the metric is maximized, 1 when it is minimized."""
    origin: float
    """The metric's value at which no loss is left."""
    floor: float
    """The smallest loss that can be told from none: half a validation row for scores."""
    best: float
    """The smallest loss of a whole run."""

    def loss(self, quality: float) -> float:
        """Return the loss behind a metric value: the error 1 - score, or the metric itself when it is minimized."""
        return max(self.floor, self.sign * (quality - self.origin))

    def gap(self, quality: float) -> float:
        """Return log(loss / best)."""
        return math.log(self.loss(quality) / self.best)


def scale(evidence: Evidence) -> Scale | None:
    """Return the scale of a study's metric; None while no run is complete.

    A maximized metric has the ceiling 1, or 100 when a value exceeds 1, or twice the best value when one exceeds 100; a name that
    starts with `neg` says 0. A minimized metric ends at 0; when the best is negative (a log-density), at twice the best, so that
    the gap is log(1 + difference / |best|).
    """
    values = [record.quality for record in evidence.records if has_quality(record) and record.quality is not None]
    if not values:
        return None
    if evidence.direction != "maximize":
        origin = min(0.0, 2 * min(values))
        return Scale(sign=1.0, origin=origin, floor=TINY, best=max(TINY, min(values) - origin))
    best = max(values)
    origin = 0.0 if evidence.metric.startswith("neg") else next((top for top in CEILINGS if best <= top), 2 * best)
    floor = 0.5 * origin / (evidence.valid_rows or UNKNOWN_ROWS) if origin in CEILINGS else TINY
    return Scale(sign=-1.0, origin=origin, floor=floor, best=max(floor, origin - best))


def best_of(gaps: Sequence[float], trials: int, sd: float) -> float:
    """Return the expected smallest gap of `trials` trials, estimated from the `gaps` that were seen.

    With at least `trials` gaps: the V-statistic, the mean of the smallest of `trials` draws with replacement, which is the
    "expected validation performance" of Dodge et al. 2019 (arXiv 1909.03004). It is biased where the U-statistic of Tang et al.
    2020 (arXiv 2004.13705) is not, but leads to fewer wrong conclusions (Dodge et al. 2021, arXiv 2110.00613). With fewer: the
    smallest gap, less the improvement that a normal spread of `sd` promises from the missing trials, by Blom's scores.
    """
    seen, n = sorted(gaps), len(gaps)
    if n < trials:
        return seen[0] - sd * (blom(n) - blom(trials))
    beyond = [((n - rank) / n) ** trials for rank in range(n + 1)]  # P(no draw is among the `rank` smallest)
    return sum(gap * (beyond[rank] - beyond[rank + 1]) for rank, gap in enumerate(seen))


def blom(n: int) -> float:
    """Return the expected smallest of n standard normal numbers (Blom 1958)."""
    return _NORMAL.inv_cdf((1 - 0.375) / (n + 0.25))


@cache
def sd_of_smallest(n: int) -> float:
    """Return the standard deviation of the smallest of n standard normal numbers, by the midpoint rule over its quantiles."""
    points = 1000
    return pstdev(_NORMAL.inv_cdf(-math.expm1(math.log1p(-(i + 0.5) / points) / n)) for i in range(points))
