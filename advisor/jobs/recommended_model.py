"""Recommended model of a study: which run's weights stand for the recommended recipe, and why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studies.errors import NothingFeasible

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.direction import Direction
    from studies.record import Record


def picked(
    recommendation: Recommendation, records: tuple[Record, ...], folder: Path
) -> tuple[Record, Path | None]:
    """Return the run whose weights stand for the recommended recipe, and the compressed file made of them.

    Of the seeds the best on the validation split: its test split had no say.

    Args:
        recommendation: of the study.
        records: all of its trials.
        folder: where its compressed files lie.

    Raises:
        NothingFeasible: no run of the recommended optimizer was completed.
    """
    by_number = {record.number: record for record in records}
    compressed = (
        [by_number[number] for number in recommendation.compression.trials]
        if recommendation.compression
        else []
    )
    with_file = [record for record in compressed if _file(record, folder)]
    if deployed := best_of(with_file, recommendation.direction):
        joint = deployed.stage != "compress"  # trained and made small in one trial
        return deployed if joint else by_number[deployed.source or 0], _file(deployed, folder)
    trained = [by_number[number] for number in recommendation.trials if by_number[number].stage != "compress"]
    trained += [by_number[record.source] for record in compressed if record.source in by_number]
    if best := best_of(trained, recommendation.direction):
        return best, None
    raise NothingFeasible(
        f"no run of {recommendation.optimizer} was completed, so there is no trained model; search longer"
    )


def searched_number(trials: Sequence[int], records: tuple[Record, ...]) -> int:
    """Return the number of the search trial whose recipe is recommended: what its runs go back to.

    Args:
        trials: those behind the recommendation, one at least.
        records: of the study.
    """
    by_number = {record.number: record for record in records}
    run = by_number[trials[0]]
    while run.source is not None:
        run = by_number[run.source]
    return run.number


def best_of(records: Sequence[Record], direction: Direction) -> Record | None:
    """Return the record of the best quality, the first of equals; None where none has one."""
    best: Record | None = None
    for record in records:
        if record.quality is not None and (best is None or direction.better(record.quality, best.quality)):
            best = record
    return best


def _file(record: Record, folder: Path) -> Path | None:
    name = record.footprint.path if record.footprint else None
    return folder / name if name and (folder / name).is_file() else None
