"""Preparation of a search: imports, reading and profiling, whose seconds are a part of its budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from advisor.jobs.request import Request
from studies.quantities import format_seconds

if TYPE_CHECKING:
    from studies.limits import Budget
    from studies.storage.manifest import StudyManifest

TOLD_SHARE: Final = 1 / 3
"""Of a budget, beyond which it is told what went before the first trial (judged)."""


def after_reading(request: Request, seconds: float) -> Request:
    """Return a request with the budget that is left for training, by which the search is planned.

    Args:
        request: what was asked for.
        seconds: that reading and profiling took.
    """
    return replace(request, budget=request.budget.after(seconds))


def preparation_note(budget: Budget, seconds: float) -> str:
    """Return what reading and profiling took, where that is much of a search's budget; else nothing.

    Example:
        >>> from studies.limits import Budget
        >>> preparation_note(Budget(seconds=60), 24)
        'Imports, reading and profiling took 24 s of the budget of 60 s; training has 36 s.'
        >>> preparation_note(Budget(seconds=60), 75)
        'Imports, reading and profiling took 75 s, over the budget of 60 s; training has 12 s more.'
    """
    left = budget.after(seconds).seconds
    if budget.seconds is None or left is None or seconds <= TOLD_SHARE * budget.seconds:
        return ""
    took, whole, training = map(format_seconds, (seconds, budget.seconds, left))
    before = f"Imports, reading and profiling took {took}"
    if seconds >= budget.seconds:
        return f"{before}, over the budget of {whole}; training has {training} more."
    return f"{before} of the budget of {whole}; training has {training}."


def overdrawn_note(manifest: StudyManifest) -> str:
    """Return that reading and profiling took more than a study's budget, where they did; else nothing."""
    seconds, budget = manifest.prepared_seconds, manifest.searching
    over = budget.seconds is not None and seconds >= budget.seconds
    return preparation_note(budget, seconds) if over else ""
