"""Contender: an optimizer that fits the limits, with its chances, its best recipe and its costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.report.numbers import chance, number, ratio, trials


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """Contender: an optimizer that fits the limits, with its chances and its best recipe."""

    optimizer: str
    p_best: float
    """Probability that no other candidate is better."""
    p_tie: float
    """Probability that its loss is within the tie margin of the best."""
    expected_regret: float
    """Expected log-ratio of its loss to the best one's: 0.05 is about 5 % more error."""
    quality: float | None
    """Mean validation metric of its confirmation runs, else the best of its search trials."""
    interval: tuple[float, float] | None
    """90 % interval of that quality for a fresh seed's mean; None without at least two confirmation runs."""
    trials: tuple[int, ...]
    """Numbers of the trials that quality comes from."""
    params: Mapping[str, Any] | None
    """Its best recipe in flat form."""
    train_seconds: float | None
    peak_bytes: int | None
    optimizer_state_bytes: int | None
    completed: int
    """Whole runs it had in the search."""

    def cells(self) -> tuple[str, ...]:
        """Return its row in the table of all that fit, under `COLUMNS`."""
        return (
            self.optimizer,
            "-" if self.quality is None else number(self.quality),
            "-" if self.interval is None else " to ".join(map(number, self.interval)),
            chance(self.p_best),
            chance(self.p_tie),
            ratio(self.expected_regret),
            str(self.completed),
            trials(self.trials).split(" ", 1)[1] if self.trials else "-",
        )
