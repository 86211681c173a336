"""Standings: what trials scored at a rung, and the seconds that the rest of their runs takes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studies.direction import Direction
from studies.search.prices import Prices
from studies.search.promotion import Standing
from studies.search.pruner import score

if TYPE_CHECKING:
    from studies.record import Record
    from studies.trials.open_trial import OpenTrial


@dataclass(frozen=True, kw_only=True)
class Standings:
    """Standings of one search's trials."""

    prices: Prices
    epochs: int
    """Of a whole run."""
    direction: Direction
    _at_rungs: dict[tuple[int, int], Standing | None] = field(default_factory=dict, init=False, repr=False)
    """Of trials that have ended, by number and rung: every later group is compared with them again."""

    def of_records(self, records: Iterable[Record], rung: int) -> list[Standing]:
        """Return how trials stood at a rung that have ended; those that did not reach it are left out."""
        standings = (self._of_record(record, rung) for record in records)
        return [standing for standing in standings if standing is not None]

    def of_trial(self, trial: OpenTrial, rung: int) -> Standing:
        """Return how an open trial stands; one that ended before the rung stands as it ended."""
        if trial.record is None or not trial.record.curve:
            return (math.inf, math.inf), 1.0
        reached = min(rung, trial.record.curve[-1].epoch)
        at_rung = score(trial.record.curve, reached, self.direction)
        return at_rung or (math.inf, math.inf), self.prices.rest_seconds(trial.record, self.epochs - rung)

    def _of_record(self, record: Record, rung: int) -> Standing | None:
        key = record.number, rung
        if key not in self._at_rungs:
            at_rung = score(record.curve, rung, self.direction)
            rest_seconds = self.prices.rest_seconds(record, self.epochs - rung) if at_rung else 0.0
            self._at_rungs[key] = (at_rung, rest_seconds) if at_rung else None
        return self._at_rungs[key]
