"""Recomputed figures: losses and sets of runs, read off the records apart from the code that advises."""

from __future__ import annotations

import math
from collections.abc import Iterable

from advisor.evidence import Evidence
from advisor.statements.statement import Case
from studies.record import Record


def same(left: float | None, right: float | None) -> bool:
    """Tell whether two figures are equal but for the last digits, or both missing."""
    if left is None or right is None:
        return left is right
    return left == right or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12 * min(1.0, abs(left)))


def finished(records: Iterable[Record]) -> list[Record]:
    """Return the runs that got to their end with a finite metric."""
    return [
        record
        for record in records
        if record.state == "complete" and record.quality is not None and math.isfinite(record.quality)
    ]


def whole_runs(evidence: Evidence, optimizer: str) -> list[Record]:
    """Return the finished search trials of an optimizer."""
    return finished(run for run in evidence.records if run.searched and run.optimizer == optimizer)


def roots(case: Case) -> set[int]:
    """Return the search trials whose recipe is advised: those that the answer's trials go back to."""
    numbers = set(case.answer.trials)
    for _ in ("from a compressed model to its training run", "from that to the trial that it repeats"):
        sources = {run.source for run in case.runs(tuple(numbers)) if run.source is not None}
        numbers = {run.number for run in case.runs(tuple(numbers)) if run.source is None} | sources
    return numbers


def confirmations(case: Case) -> list[Record]:
    """Return every run of the advised recipe with a fresh seed, whatever became of it."""
    sources = roots(case)
    return [run for run in case.evidence.records if run.stage == "confirm" and run.source in sources]


def repeats(case: Case) -> list[Record]:
    """Return the runs that its quality is the mean of: those with fresh seeds, else the search trial."""
    return finished(confirmations(case)) or case.runs(tuple(roots(case)))


def loss_of(evidence: Evidence, value: float) -> float:
    """Return what is left of the error behind a metric value, half a validation row at the least."""
    values = [run.quality or 0.0 for run in finished(evidence.records) if run.stage != "compress"]
    if evidence.direction == "minimize":
        return max(1e-12, value - min(0.0, 2 * min(values)))
    top = max(values)
    ceiling = 1.0 if top <= 1 else 100.0 if top <= 100 else 2 * top
    perfect = 0.0 if evidence.metric.startswith("neg") else ceiling
    half_a_row = 0.5 * perfect / (evidence.valid_rows or 10_000) if perfect in {1.0, 100.0} else 1e-12
    return max(half_a_row, perfect - value)
