"""Budget left: what a study has not spent yet of the time or the trials that it was given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from studies.limits import Budget
from studies.quantities import several
from studies.record import Record
from studies.storage.manifest import StudyManifest

LEAST_SECONDS: Final = 1.0
"""Less than this is nothing: no search goes on for it (judged)."""
IN_SECONDS: Final = 600.0
"""A clock of less than ten minutes moves every second."""
UNITS: Final = ((120.0, "s", 1.0), (7200.0, "min", 60.0), (math.inf, "h", 3600.0))
"""Up to how many seconds a time of a longer clock is written in which unit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetLeft:
    """Budget left of a search and of the compression that was asked for with it, together.

    Example:
        >>> str(BudgetLeft(seconds=103.2, of_seconds=150.0)), str(BudgetLeft(trials=1, of_trials=20))
        ('103 s of 150 s are left', '1 of 20 trials is left')
    """

    seconds: float | None = None
    """None without a budget in seconds."""
    of_seconds: float | None = None
    trials: int | None = None
    """None without a budget in trials."""
    of_trials: int | None = None

    @classmethod
    def of(cls, manifest: StudyManifest, records: Sequence[Record]) -> Self:
        """Return what is left of a study's budget by its manifest and its records.

        A search that ended as more was expected to gain nothing has nothing left, nor has a compression that
        ended.
        """
        search, entry = manifest.budget or Budget(), manifest.compression_study
        later = entry.budget if entry else Budget()
        over = manifest.outlook is not None
        searched = sum(record.searched for record in records)
        compressed = sum(record.stage == "compress" for record in records)
        left = [
            _left(search, manifest.spent_seconds, searched, over=over),
            _left(later, entry.spent_seconds, compressed, over=entry.ended) if entry else (None, None),
        ]
        return cls(
            seconds=_sum(seconds for seconds, _ in left),
            of_seconds=_sum((search.seconds, later.seconds)),
            trials=_whole(_sum(trials for _, trials in left)),
            of_trials=_whole(_sum((search.trials, later.trials))),
        )

    @property
    def spent(self) -> bool:
        """Tell whether nothing is left to go on with."""
        out_of_time = self.seconds is not None and self.seconds < LEAST_SECONDS
        return out_of_time or self.trials == 0 or (self.seconds is None and self.trials is None)

    def __str__(self) -> str:
        if self.seconds is not None:
            return f"{time_of(self.seconds, self.of_seconds or 0.0)} are left"
        if self.trials is not None:
            verb = "is" if self.trials == 1 else "are"
            return f"{self.trials:,} of {several(self.of_trials or 0, 'trial')} {verb} left"
        return "no budget is known"


def time_of(seconds: float, total: float) -> str:
    """Write a time and the whole that it is a part of, in one unit up to ten minutes.

    Example:
        >>> time_of(12.4, 150), time_of(750, 1800), time_of(45, 7200)
        ('12 s of 150 s', '12.5 min of 30 min', '45 s of 2 h')
    """
    whole = f"{total:.3g} s" if total < IN_SECONDS else _in_units(total, ".3g")
    return f"{time_in(seconds, total)} of {whole}"


def time_in(seconds: float, total: float) -> str:
    """Write a time alone as it is written with the whole that it is a part of."""
    return f"{seconds:.0f} s" if total < IN_SECONDS else _in_units(seconds, ".1f")


def _in_units(seconds: float, form: str) -> str:
    unit, factor, form = next(
        (unit, factor, ".0f" if unit == "s" else form) for below, unit, factor in UNITS if seconds < below
    )
    return f"{seconds / factor:{form}} {unit}"


def _left(
    budget: Budget, spent_seconds: float, trials: int, *, over: bool
) -> tuple[float | None, int | None]:
    """Return the seconds and the trials that are left of one budget; None for what it does not name."""
    seconds = None if budget.seconds is None else max(0.0, budget.seconds - spent_seconds) * (not over)
    return seconds, None if budget.trials is None else max(0, budget.trials - trials) * (not over)


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
