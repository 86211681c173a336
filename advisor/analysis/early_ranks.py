"""Early ranks: do the ranks of runs at a rung foretell those at their end, over optimizers and within them?

Spearman's correlation between the best metric up to a rung and that of the whole run, with the interval of
Fisher's z and the variance of Fieller, Hartley and Pearson 1957. Only whole runs have both ranks: those that
were stopped at a rung might have ended anywhere, so that a search which stops many usually shows less
agreement than there is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal

from advisor.analysis.importances import ranks_of
from advisor.decide.interval import NORMAL_90
from advisor.decide.trial_checks import best_until
from advisor.evidence import has_quality
from studies.direction import Direction
from studies.record import Record
from studies.rungs import rungs

VARIANCE: Final = 1.06
"""Of Fisher's z of a rank correlation, times n - 3."""
FEWEST: Final = 5
"""Runs of a group below which its ranks say nothing: z has no variance at 3 (judged)."""
LARGEST: Final = 0.999
"""Correlation at which z is cut off: it is infinite at 1."""

Over = Literal["all runs", "within optimizers", "between optimizers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RankCorrelation:
    """Rank correlation between a rung and the end of the runs."""

    over: Over
    """`all runs`; `within optimizers`: of each by itself, then their mean; `between optimizers`: the best
    run of each."""
    epoch: int
    """Of the rung."""
    epochs: int
    """Of a whole run."""
    correlation: float
    """-1 to 1."""
    low: float
    """End of the 90 % interval."""
    high: float
    compared: int
    """Runs, or optimizers where these are compared."""


def early_ranks(records: Sequence[Record], direction: Direction) -> tuple[RankCorrelation, ...]:
    """Return the rank correlations at each rung of the whole search runs, the first rung first.

    Args:
        records: of a study.
        direction: of its metric.
    """
    whole = [run for run in records if run.searched and has_quality(run) and run.epochs > 1]
    longest = max((run.epochs for run in whole), default=0)
    whole = [run for run in whole if run.epochs == longest]
    computed: list[RankCorrelation | None] = []
    for epoch in rungs(longest)[:-1] if longest > 1 else ():
        pairs = [
            (run.optimizer, direction.loss(early), direction.loss(run.measured_quality))
            for run in whole
            if (early := best_until(run, epoch, direction)) is not None
        ]
        computed += [_pooled(groups, over, epoch, longest) for over, groups in _groups(pairs).items()]
    return tuple(filter(None, computed))


Pair = tuple[float, float]
"""Early loss and last one."""


def _groups(pairs: Sequence[tuple[str, float, float]]) -> dict[Over, list[list[Pair]]]:
    """Return what is ranked together: all runs, those of each optimizer, and the best of each."""
    by_optimizer: dict[str, list[Pair]] = defaultdict(list)
    for optimizer, early, last in pairs:
        by_optimizer[optimizer].append((early, last))
    best = [
        (min(early for early, _ in runs), min(last for _, last in runs)) for runs in by_optimizer.values()
    ]
    several = len(by_optimizer) > 1
    return {
        "all runs": [[pair for runs in by_optimizer.values() for pair in runs]],
        "within optimizers": list(by_optimizer.values()) if several else [],
        "between optimizers": [best] if several else [],
    }


def _pooled(groups: Sequence[Sequence[Pair]], over: Over, epoch: int, epochs: int) -> RankCorrelation | None:
    """Return the mean correlation of groups with its interval; None for too few runs."""
    known = [
        (len(group), r) for group in groups if len(group) >= FEWEST and (r := spearman(group)) is not None
    ]
    if not known:
        return None
    weight = sum(count - 3 for count, _ in known)
    z = sum((count - 3) * math.atanh(max(-LARGEST, min(LARGEST, r))) for count, r in known) / weight
    reach = NORMAL_90 * math.sqrt(VARIANCE / weight)
    return RankCorrelation(
        over=over,
        epoch=epoch,
        epochs=epochs,
        correlation=math.tanh(z),
        low=math.tanh(z - reach),
        high=math.tanh(z + reach),
        compared=sum(count for count, _ in known),
    )


def spearman(pairs: Sequence[Pair]) -> float | None:
    """Return the rank correlation of pairs; None where all of one side are equal.

    Example:
        >>> spearman([(1.0, 2.0), (2.0, 5.0), (3.0, 9.0)])
        1.0
    """
    left, right = (
        list(ranks_of({index: pair[side] for index, pair in enumerate(pairs)}).values()) for side in (0, 1)
    )
    left_ranks, right_ranks = ([rank - fmean(ranks) for rank in ranks] for ranks in (left, right))
    spread = math.sqrt(sum(a * a for a in left_ranks) * sum(b * b for b in right_ranks))
    return sum(a * b for a, b in zip(left_ranks, right_ranks, strict=True)) / spread if spread else None


def in_words(correlations: Sequence[RankCorrelation]) -> str:
    """Say whether the last rung before the end foretells the end, over all runs and within optimizers."""
    if not correlations:
        return "No early ranks yet: too few whole runs that were measured on the way"
    last = max(correlation.epoch for correlation in correlations)
    at = {each.over: each for each in correlations if each.epoch == last}
    first = at.get("all runs") or next(iter(at.values()))
    verdict = "foretell" if first.low > 0.5 else "foretell little of" if first.high < 0.5 else "may foretell"
    within = at.get("within optimizers")
    more = f"; within an optimizer {_figures(within)}" if within else ""
    where = f"at epoch {last} of {first.epochs}"
    return f"Ranks {where} {verdict} the last ones: correlation {_figures(first)}{more}"


def _figures(each: RankCorrelation) -> str:
    return f"{each.correlation:.2f} ({each.low:.2f} to {each.high:.2f})"
