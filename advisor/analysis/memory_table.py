"""Memory of training with each optimizer at a batch size, forecast and measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from studies import catalogue
from studies.errors import StudyError
from studies.facts import Facts
from studies.memory_forecast import Forecast
from studies.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Memory need: bytes that training with one optimizer takes."""

    optimizer: str
    rows: int
    """Rows a step; all there are, for an optimizer that needs the whole training set at once."""
    weight_bytes: int
    gradient_bytes: int
    state_bytes: int
    activation_bytes: int
    peak_bytes: int
    """Of the fullest moment of a step: activations go as gradients come, so it may be less than the sum of
    the parts."""
    limit_bytes: int | None
    largest_batch: int | None
    """Most rows a step that fit; None when it is not known or there is no limit."""

    @property
    def fits(self) -> bool:
        """Tell whether it keeps to the limit."""
        return self.limit_bytes is None or self.peak_bytes <= self.limit_bytes


def needs(facts: Facts, optimizers: Iterable[str], *, rows: int, limit_bytes: int | None) -> tuple[Need, ...]:
    """Return what each optimizer takes at so many rows a step, the least first.

    One without a forecast is left out.
    """
    forecasts = filter(None, map(facts.forecast, optimizers))
    each = [_need(forecast, facts, rows, limit_bytes) for forecast in forecasts]
    return tuple(sorted(each, key=lambda need: (need.peak_bytes, need.optimizer)))


def forecast_error(facts: Facts, record: Record) -> float | None:
    """Return the share by which a trial's measured peak exceeds its forecast; None where one is missing."""
    forecast, rows = facts.forecast(record.optimizer), record.params.get("batch_size")
    if forecast is None or not record.peak_bytes or not rows:
        return None
    return record.peak_bytes / forecast.at(int(rows)).peak_bytes - 1


def typical_error(facts: Facts, records: Iterable[Record]) -> float | None:
    """Return the median share by which forecasts are off, either way; None without a measurement."""
    errors = [abs(error) for record in records if (error := forecast_error(facts, record)) is not None]
    return median(errors) if errors else None


def _need(forecast: Forecast, facts: Facts, rows: int, limit_bytes: int | None) -> Need:
    rows = facts.rows if _full_batch(forecast.optimizer) else rows
    scaled = forecast.at(rows)
    return Need(
        optimizer=scaled.optimizer,
        rows=rows,
        weight_bytes=scaled.weight_bytes,
        gradient_bytes=scaled.gradient_bytes,
        state_bytes=scaled.state_bytes,
        activation_bytes=scaled.activation_bytes,
        peak_bytes=scaled.peak_bytes,
        limit_bytes=limit_bytes,
        largest_batch=forecast.largest_batch(limit_bytes, rows=facts.rows),
    )


def _full_batch(optimizer: str) -> bool:
    try:
        return bool(getattr(catalogue.find("optimizer", optimizer), "full_batch", False))
    except StudyError:  # a record from elsewhere may name an optimizer that is not installed here
        return False
