"""Axes of learning curves: what they show over what, and of which runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.report.numbers import number
from advisor.statements.titles_trials import Curved
from studies.record import Measurement, Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Axes:
    """Axes: what the curves show over what, and which runs."""

    x: str = "epoch"
    """epoch | seconds"""
    y: str = "metric"
    """metric | valid_loss | train_loss"""
    over: str = "trials"
    """trials: the whole runs of the search; seeds: the confirmation runs."""
    log_x: bool = False
    log_y: bool = False
    singles: bool = True
    """Whether single runs are drawn."""
    trial: int | None = None
    """Number of a trial whose curve stands out."""

    @property
    def field(self) -> Curved:
        """Return the field of a measurement that is drawn."""
        fields: dict[str, Curved] = {"valid_loss": "valid_loss", "train_loss": "train_loss"}
        return fields.get(self.y, "valid_metric")

    def written(self, point: tuple[float, float]) -> str:
        """Write a point of a curve: epoch 9: 0.9833."""
        x, y = point
        return f"{f'epoch {number(x)}' if self.x == 'epoch' else f'{number(x)} s'}: {number(y)}"

    def point(self, measured: Measurement) -> tuple[float, float]:
        """Return where a measurement is drawn."""
        return float(getattr(measured, self.x)), float(getattr(measured, self.field))

    def points(self, record: Record) -> list[tuple[float, float]]:
        """Return the curve of a record, without what cannot be drawn."""
        points = map(self.point, record.curve)
        return [(x, y) for x, y in points if math.isfinite(y) and (y > 0 or not self.log_y)]

    def shows(self, record: Record) -> bool:
        """Tell whether a record is one of the runs that the curves are of."""
        return record.stage == "confirm" if self.over == "seeds" else record.searched
