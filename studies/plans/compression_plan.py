"""Compression plan: what a compression study may spend, has to meet, and tries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studies.limits import Budget, Limits
from studies.models import ModelChoice
from studies.record import Record

Wanted = Callable[[Sequence[Record]], Iterable[Mapping[str, Any]]]
"""Recipes that may be advised after these records, in flat form, the likeliest first."""


@dataclass(frozen=True, kw_only=True)
class CompressionPlan:
    """Plan of a compression study."""

    budget: Budget
    limits: Limits = field(default_factory=Limits)
    students: tuple[ModelChoice, ...] = ()
    """Models that may be trained to answer as the finalists do."""
    passes: tuple[str, ...] = ()
    """Names of those that may be tried; empty for all that are offered."""
    first: str = ""
    """The optimizer whose models get most of the trials; empty for that of the best finalist."""
