"""Intervals: of a mean over seeds, and of what to expect on new rows.

Three seeds that agree by luck say little, so both use the spread over seeds that all confirmed recipes show
together, shrunk to what is usual, on the loss scale (see `estimates`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Final

from advisor.decide.estimates import Estimates
from advisor.decide.scale import LossScale

T_90: Final = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833)
"""Student's t, 95th percentile, from 1 degree of freedom."""
NORMAL_90: Final = 1.645

Interval = tuple[float, float]


def half_width(values: Sequence[float]) -> float | None:
    """Return the half-width of the 90 % interval of the mean; None for fewer than two values."""
    if len(values) < 2:
        return None
    return _student(len(values) - 1) * stdev(values) / math.sqrt(len(values))


def interval(estimates: Estimates, qualities: Sequence[float]) -> Interval | None:
    """Return the 90 % interval of the mean metric over as many fresh seeds as were run.

    Args:
        estimates: of the study, for the spread over seeds.
        qualities: the metric of each confirmation run of one recipe.

    Returns:
        None for fewer than two runs.
    """
    if len(qualities) < 2 or estimates.loss_scale is None:
        return None
    sd = estimates.run_sd * math.sqrt(2 / len(qualities))
    reach = _student(estimates.freedom) * sd
    return _around(estimates.loss_scale, fmean(qualities), reach)


def new_rows_interval(
    estimates: Estimates, optimizer: str, qualities: Sequence[float], *, test_rows: int | None = None
) -> Interval | None:
    """Return the 90 % interval of the metric on rows that nobody has looked at.

    It holds what seeds, the validation rows and, if their number is known, the new rows leave open; mistakes
    that recipes have in common count in full, as nothing is compared here.

    Args:
        estimates: of the study.
        optimizer: whose recipe it is.
        qualities: the validation metric of each of its confirmation runs, else of its best trial.
        test_rows: how many new rows there are; None for as many as it takes.

    Returns:
        None without a run.
    """
    scale = estimates.loss_scale
    if not qualities or scale is None or optimizer not in estimates.by_optimizer:
        return None
    estimate = estimates.by_optimizer[optimizer]
    center = scale.gap(fmean(qualities))
    luck = 0.0 if estimate.confirmed else max(0.0, estimate.gap - center)
    rows = scale.rows_variance(center, scale.rows) * estimate.rows_share
    rows += scale.rows_variance(center, test_rows) if test_rows else 0.0
    seeds = estimates.run_sd**2 * (1 + 1 / len(qualities))
    reach = NORMAL_90 * math.sqrt(rows + seeds)
    return _around(scale, scale.quality(center + luck), reach)


def _around(scale: LossScale, quality: float, reach: float) -> Interval:
    """Return the values whose gap is within reach of that of a value, which lies inside in any case."""
    center = scale.gap(quality)
    ends = [quality, scale.quality(center - reach), scale.quality(center + reach)]
    if scale.loss(quality) <= scale.floor * math.exp(reach):
        ends.append(scale.origin)  # that there is no mistake at all cannot be ruled out
    return max(min(ends), scale.worst), max(ends)


def _student(freedom: float) -> float:
    """Return Student's t for 90 %, by the degrees of freedom below."""
    return T_90[min(max(1, int(freedom)), len(T_90)) - 1] if freedom < 30 else NORMAL_90
