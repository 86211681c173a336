"""Yardstick: what a plain model reaches on the same rows as the search. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Yardstick:
    """A plain model, trained on the rows that the search trains on and judged by its metric."""

    model: str
    """In words: a linear model, gradient boosting."""
    quality: float | None = None
    """Validation metric; None when it was left out."""
    test_quality: float | None = None
    seconds: float = 0.0
    """Processor seconds of training it, all cores together."""
    left_out: str = ""
    """Why it has no quality; empty when it has."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what was written; entries of a later version are passed over."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
