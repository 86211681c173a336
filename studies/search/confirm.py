"""Confirmation: the best recipe of the best optimizers again, with fresh seeds, the same seeds for each.

One seed picks the truly best of ten finalists half the time, three seeds in 86 % (measured with eight seeds
each on digits). Pairing the seeds takes the part of the noise that they share out of the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from studies.direction import Direction
from studies.limits import Limits
from studies.record import Record
from studies.search.pruner import best_complete, survivors

SEEDS: Final = 3
FINALISTS: Final = 3
SHARE: Final = 0.4
"""Largest share of a budget in seconds that is kept back for confirmation."""
SIZES: Final = ((3, 3), (2, 3), (2, 2), (2, 1), (1, 1))
"""(finalists, seeds) from the fullest to the least confirmation; the first that fits the time is used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmationRun:
    """Confirmation run that is still to be done."""

    record: Record
    """The trial that is repeated."""
    seed: int


def confirmation_runs(
    records: Sequence[Record], candidates: Sequence[str], direction: Direction, *, seed: int, seconds: float
) -> list[ConfirmationRun]:
    """Return the runs that are still missing, seed by seed, so that stopping early leaves whole pairs.

    Args:
        records: every trial so far.
        candidates: optimizers in question.
        direction: maximize | minimize the metric.
        seed: the study's; confirmation uses the ones after it.
        seconds: what the runs may take; fewer finalists, then fewer seeds, when it does not reach.
    """
    best = _best_of_optimizers(records, candidates, direction)
    finalists, seeds = next((s for s in SIZES if _seconds_of(best, *s) <= seconds), SIZES[-1])
    done = {
        (record.source, record.seed)
        for record in records
        if record.stage == "confirm" and record.state == "complete"
    }
    runs = [
        ConfirmationRun(record=record, seed=seed + 1 + i) for i in range(seeds) for record in best[:finalists]
    ]
    return [run for run in runs if (run.record.number, run.seed) not in done]


def reserve_seconds(
    records: Sequence[Record], candidates: Sequence[str], direction: Direction, *, budget_seconds: float
) -> float:
    """Return the seconds to reserve for confirmation: what it is likely to take, at most a set share."""
    best = _best_of_optimizers(records, candidates, direction)
    return min(1.05 * _seconds_of(best, FINALISTS, SEEDS), SHARE * budget_seconds)


def finalists(
    records: Sequence[Record], candidates: Sequence[str], direction: Direction, limits: Limits
) -> tuple[tuple[Record, ...], ...]:
    """Return the whole runs whose trained models stand for each finalist, the best optimizer first.

    They are its confirmation runs, else its best trial.

    Args:
        records: every trial so far.
        candidates: optimizers in question.
        direction: maximize | minimize the metric.
        limits: what breaks one is left out.
    """
    fitting = [record for record in records if not limits.broken_by(record)]
    runs_of_finalists = []
    for record in _best_of_optimizers(fitting, candidates, direction):
        whole = [run for run in fitting if run.state == "complete" and run.quality is not None]
        runs = [run for run in whole if run.stage == "confirm" and run.source == record.number]
        runs_of_finalists.append(tuple(sorted(runs, key=lambda run: run.number)) or (record,))

    def mean_loss(runs: Sequence[Record]) -> float:
        return direction.loss(fmean(run.measured_quality for run in runs))

    return tuple(sorted(runs_of_finalists, key=mean_loss))


def _best_of_optimizers(
    records: Sequence[Record], candidates: Sequence[str], direction: Direction
) -> list[Record]:
    """Return the best whole run of each of the best optimizers, best first."""
    best: list[Record] = []
    remaining = list(candidates)
    for _ in range(FINALISTS):
        names = survivors(records, remaining, direction, keep=1)
        if not names:
            break
        remaining.remove(names[0])
        record = best_complete(records, names[0], direction)
        best += [record] if record else []
    return best


def _seconds_of(best: Sequence[Record], finalists: int, seeds: int) -> float:
    times = [record.train_seconds or 0.0 for record in best[:finalists]]
    overhead = 1.15  # evaluation after each epoch is not in train_seconds
    return overhead * seeds * sum(times)
