"""Timeline: when which worker had which trial, and how many workers were busy on average."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from studies.record import Record, Stint


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """Lane: a stint of a trial on its worker, in seconds after the first stint of the study began."""

    record: Record
    worker: int
    start: float
    end: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Use of the workers from the first stint to the last."""

    seconds: float
    """Between their ends, by the wall clock; searches that were resumed later have a gap in them."""
    busy: float
    """Workers that had a trial, on average."""
    most: int
    """Workers that had a trial at the same moment."""


def lanes(records: Iterable[Record]) -> list[Lane]:
    """Return all stints by their beginning; of records that say nothing of theirs, none."""
    stints = [(record, stint) for record in records for stint in record.stints]
    first = min((stint.began for _, stint in stints), default=0.0)
    every = [
        Lane(record=record, worker=stint.worker, start=stint.began - first, end=_end(stint) - first)
        for record, stint in stints
    ]
    return sorted(every, key=lambda lane: (lane.start, lane.record.number))


def use(every: Sequence[Lane]) -> Use | None:
    """Return how the workers were used; None where no stint was written down."""
    if not every:
        return None
    seconds = max(lane.end for lane in every)
    spans = [span for worker in {lane.worker for lane in every} for span in _spans(every, worker)]
    starts, ends = [(start, 1) for start, _ in spans], [(end, -1) for _, end in spans]
    most = max(accumulate(change for _, change in sorted([*starts, *ends])))
    busy = sum(end - start for start, end in spans) / seconds if seconds else float(most)
    return Use(seconds=seconds, busy=busy, most=max(1, most))


def _spans(every: Sequence[Lane], worker: int) -> list[tuple[float, float]]:
    """Return when a worker had trials, those in lockstep counted once."""
    spans: list[tuple[float, float]] = []
    for lane in every:
        if lane.worker != worker:
            continue
        if spans and lane.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], lane.end))
        else:
            spans.append((lane.start, lane.end))
    return spans


def _end(stint: Stint) -> float:
    return stint.began + stint.seconds
