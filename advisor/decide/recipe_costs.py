"""Costs of a recipe: measured over its runs, and forecast where nothing was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from advisor.evidence import Evidence, has_quality
from studies.costs import COSTS, Cost
from studies.record import Record

Costs = Mapping[str, float | int | None]


def costs_of(evidence: Evidence, optimizer: str, record: Record | None, runs: Iterable[Record] = ()) -> Costs:
    """Return what a recipe costs: the median of its times and the largest of its bytes over its runs.

    Forecasts fill the gaps.
    """
    runs = tuple(runs)
    measured = measured_costs(evidence, optimizer, record, runs)
    costs = _forecast_costs(evidence, optimizer, record) | measured
    return costs | _on_all_rows(evidence, record, runs)


def measured_costs(
    evidence: Evidence, optimizer: str, record: Record | None, runs: Iterable[Record] = ()
) -> dict[str, float | int]:
    """Return the costs of a recipe that were measured: over its fresh runs, else of the trial they repeat.

    Of what has no whole run, that is the memory of its trials at a batch that a search would begin with.
    """
    if record is None:
        peaks = _peaks_of_trials(evidence, optimizer)
        return {"peak_bytes": min(peaks)} if peaks else {}
    whole = [run for run in runs if has_quality(run)]
    on_sample = _on_sample(record, whole)
    values = {cost.field: _measured(whole, cost) for cost in COSTS}
    of_trial = {cost.field: getattr(record, cost.field) for cost in COSTS}
    costs = {field: of_trial[field] if value is None else value for field, value in values.items()}
    return {
        field: value
        for field, value in costs.items()
        if value is not None and not (field == "train_seconds" and on_sample)
    }


def _on_sample(record: Record | None, whole: list[Record]) -> tuple[Record, ...]:
    """Return the runs that the training time is read off, where they trained on a sample."""
    timed = whole or ([record] if record else [])
    return tuple(run for run in timed if run.sample_rows is not None and run.train_seconds is not None)


def _on_all_rows(evidence: Evidence, record: Record | None, runs: tuple[Record, ...]) -> dict[str, float]:
    """Return the seconds of a training on all rows, reckoned from runs on a sample; nothing without such."""
    timed = _on_sample(record, [run for run in runs if has_quality(run)])
    if not timed:
        return {}
    rows = evidence.facts.rows
    seconds = [(run.train_seconds or 0.0) * rows / (run.sample_rows or rows) for run in timed]
    return {"train_seconds": median(seconds)}


def _peaks_of_trials(evidence: Evidence, optimizer: str) -> list[int]:
    forecast = evidence.facts.forecast_within(optimizer, evidence.limits.train_bytes)
    rows = forecast.batch_size if forecast else math.inf
    trials = evidence.searched(optimizer)
    return [
        run.peak_bytes
        for run in trials
        if run.peak_bytes is not None and run.params.get("batch_size", 0) <= rows
    ]


def _forecast_costs(evidence: Evidence, optimizer: str, record: Record | None) -> dict[str, Any]:
    """Return costs from the facts: bytes where there is a forecast, times only of what was not trained.

    The bytes are those at the record's batch, else at the one that a search begins with under the limits.
    """
    facts = evidence.facts
    forecast = facts.forecast_within(optimizer, None if record else evidence.limits.train_bytes)
    costs: dict[str, Any] = dict.fromkeys(cost.field for cost in COSTS)
    if forecast:
        rows = int(record.params.get("batch_size") or forecast.batch_size) if record else forecast.batch_size
        costs |= {cost.field: getattr(forecast.at(rows), cost.forecast) for cost in COSTS if cost.forecast}
    if record is None:
        costs["train_seconds"] = facts.seconds_with(optimizer) if forecast else None
        costs["latency_seconds"] = facts.latency_seconds
    return costs


def _measured(runs: Iterable[Record], cost: Cost) -> float | None:
    return cost.over(value for run in runs if (value := getattr(run, cost.field)) is not None)
