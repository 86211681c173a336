"""Importances of settings: how much of the spread in quality goes with each, and how much would by chance.

The trials of a setting are split into groups (its options; of a number the low, middle and high third) and
their ranks of quality compared: the share of the rank variance that lies between the groups, the
Kruskal-Wallis statistic over n - 1. Thirds see a best value in the middle of a range, which a correlation
does not, and the share that chance alone exceeds once in 20 is known.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

THIRDS: Final = 3
NORMAL_95: Final = 1.645
FEWEST: Final = 6
"""Whole runs below which nothing is computed."""
ENOUGH: Final = 30
"""Whole runs below which shares mean little: chance alone gives a number a third of the spread at 18 runs, a
fifth at 30."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """Importance of one setting: its share of the spread in quality."""

    label: str
    share: float
    """Of the variance of the ranks of quality, 0 to 1."""
    chance: float
    """The share that a setting without any effect exceeds once in 20."""
    runs: int

    @property
    def above_chance(self) -> bool:
        """Tell whether the share is more than chance gives."""
        return self.share > self.chance


def importances(
    qualities: Mapping[int, float],
    numbers: Mapping[str, Mapping[int, float]],
    options: Mapping[str, Mapping[int, str]],
) -> tuple[Importance, ...]:
    """Return the share of each setting, the largest first; nothing of fewer than six runs.

    Args:
        qualities: of whole runs, by trial number.
        numbers: values by label and trial number.
        options: the same for settings that are no numbers.
    """
    grouped = groups_of(qualities, numbers, options)
    computed = [_importance(label, groups, qualities) for label, groups in grouped.items()]
    return tuple(sorted(filter(None, computed), key=lambda importance: -importance.share))


def groups_of(
    qualities: Mapping[int, float],
    numbers: Mapping[str, Mapping[int, float]],
    options: Mapping[str, Mapping[int, str]],
) -> dict[str, Mapping[int, Hashable]]:
    """Return the group of each whole run by label: the option, of a number its low, middle or high third."""
    grouped: dict[str, Mapping[int, Hashable]] = {
        label: _thirds(values, qualities) for label, values in numbers.items()
    }
    return grouped | {
        label: {trial: of for trial, of in values.items() if trial in qualities}
        for label, values in options.items()
    }


def _thirds(values: Mapping[int, float], qualities: Mapping[int, float]) -> dict[int, int]:
    by_trial = {trial: value for trial, value in values.items() if trial in qualities}
    levels = sorted(set(by_trial.values()))
    if len(levels) > THIRDS:
        ordered = sorted(by_trial.values())
        levels = [ordered[len(ordered) * third // THIRDS] for third in range(1, THIRDS)]
    return {trial: bisect_right(levels, value) for trial, value in by_trial.items()}


def _importance(
    label: str, groups: Mapping[int, Hashable], qualities: Mapping[int, float]
) -> Importance | None:
    n = len(groups)
    ranks = ranks_of({trial: qualities[trial] for trial in groups})
    parts: dict[Hashable, list[float]] = defaultdict(list)
    for trial, group in groups.items():
        parts[group].append(ranks[trial])
    whole = fmean(ranks.values()) if ranks else 0.0
    total = sum((rank - whole) ** 2 for rank in ranks.values())
    chance = _chi_square_95(len(parts) - 1) / (n - 1) if n > 1 and len(parts) > 1 else 1.0
    if n < FEWEST or chance >= 1 or not total:  # where chance may do anything, nothing can be told
        return None
    between = sum(len(part) * (fmean(part) - whole) ** 2 for part in parts.values())
    return Importance(label=label, share=between / total, chance=chance, runs=n)


def ranks_of(values: Mapping[int, float]) -> dict[int, float]:
    """Return the rank of each, equals sharing their mean."""
    at: dict[float, list[int]] = defaultdict(list)
    for rank, trial in enumerate(sorted(values, key=lambda trial: values[trial])):
        at[values[trial]].append(rank)
    return {trial: fmean(at[value]) for trial, value in values.items()}


def _chi_square_95(freedom: int) -> float:
    """Return the 95 % quantile of chi-square after Wilson and Hilferty 1931, within 3 % of it."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + NORMAL_95 * math.sqrt(part)) ** 3


def labels_above_chance(settings: Sequence[Importance]) -> tuple[str, ...]:
    """Return the settings that matter more than chance would have it."""
    return tuple(importance.label for importance in settings if importance.above_chance)
