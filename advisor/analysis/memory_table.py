"""What training takes with each optimizer at some batch size, forecast and measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median

from studies import catalogue
from studies.errors import StudyError
from studies.facts import Facts, Forecast
from studies.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Bytes that training with one optimizer takes."""

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
    """Return what each optimizer takes at so many rows a step, the least first; one without a forecast is left out."""
    found = (facts.forecast(optimizer) for optimizer in optimizers)
    each = [_need(one, facts, rows, limit_bytes) for one in found if one]
    return tuple(sorted(each, key=lambda need: (need.peak_bytes, need.optimizer)))


def at(forecast: Forecast, rows: int) -> Forecast:
    """Return a forecast at another batch size."""
    activations = round(forecast.activation_bytes * rows / forecast.batch_size)
    return replace(forecast, batch_size=rows, activation_bytes=activations)


def off_by(facts: Facts, record: Record) -> float | None:
    """Return by which share the measured peak of a trial lies above its forecast; None where one of the two is missing."""
    forecast, rows = facts.forecast(record.optimizer), record.params.get("batch_size")
    if forecast is None or not record.peak_bytes or not rows:
        return None
    return record.peak_bytes / at(forecast, int(rows)).peak_bytes - 1


def typical_error(facts: Facts, records: Iterable[Record]) -> float | None:
    """Return the median share by which forecasts are off, either way; None without a measurement."""
    errors = [abs(error) for record in records if (error := off_by(facts, record)) is not None]
    return median(errors) if errors else None


def _need(forecast: Forecast, facts: Facts, rows: int, limit_bytes: int | None) -> Need:
    rows = facts.rows if _whole_set(forecast.optimizer) else rows
    there = at(forecast, rows)
    return Need(
        optimizer=there.optimizer,
        rows=rows,
        weight_bytes=there.weight_bytes,
        gradient_bytes=there.gradient_bytes,
        state_bytes=there.state_bytes,
        activation_bytes=there.activation_bytes,
        peak_bytes=there.peak_bytes,
        limit_bytes=limit_bytes,
        largest_batch=forecast.largest_batch(limit_bytes, rows=facts.rows),
    )


def _whole_set(optimizer: str) -> bool:
    try:
        return bool(getattr(catalogue.find("optimizer", optimizer), "full_batch", False))
    except StudyError:  # a record from elsewhere may name an optimizer that is not installed here
        return False
