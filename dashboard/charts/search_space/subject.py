"""Subject of the figures of settings: whose trials they show, and over which batch sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboard.charts.trials import leader
from studies.record import Record
from studies.space import Numeric

if TYPE_CHECKING:
    from dashboard.snapshot import Study


def batch_range(study: Study) -> Numeric | None:
    """Return the range of the batch size; None when it is fixed or not known."""
    match study.manifest.batch_size:
        case (low, default, high) if low < high:
            return Numeric(low=low, default=default, high=high, scale="log", whole=True)
    return None


def first_optimizer(study: Study) -> str:
    """Return the optimizer that a page opens on: the best run's, else the first one tried."""
    best = leader([record for record in study.records if record.searched], study.direction)
    tried = [record.optimizer for record in study.records if record.searched]
    return best.optimizer if best else tried[0] if tried else ""


def optimizer_of(records: Sequence[Record]) -> tuple[str, ...]:
    """Return the optimizer whose trials these are; nothing where they are of several."""
    names = {record.optimizer for record in records}
    return tuple(names) if len(names) == 1 else ()
