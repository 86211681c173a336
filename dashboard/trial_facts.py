"""Trial facts: a trial in words, and the trials that belong to it. No Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from advisor.report.numbers import duration, number
from studies.direction import Direction
from studies.quantities import several
from studies.record import Measurement, Record

ENDED: Final[Mapping[str, str]] = {
    "complete": "It went to its end",
    "pruned": "It was cut short",
    "infeasible": "It cannot be used",
    "failed": "It failed",
    "running": "It had not ended when it was written down",
}


def heading(record: Record) -> str:
    """Return what a page about a trial is headed: its number and its optimizer."""
    return f"Trial {record.number}: {record.optimizer}"


def origin(record: Record) -> str:
    """Return in words where a trial's recipe is from."""
    again = "" if record.source is None else f" trial {record.source}"
    match record.stage:
        case "reference":
            return f"{record.optimizer} with its own defaults."
        case "start":
            return "A recipe that the search began with."
        case "confirm":
            rows = "" if record.split_seed is None else f", on rows drawn anew with seed {record.split_seed}"
            return f"The recipe of{again or ' a finalist'} again, with the fresh seed {record.seed}{rows}."
        case "compress":
            return f"The trained model of{again or ' a finalist'} made small."
        case _:
            return "A recipe that the search chose."


def outcome(record: Record, metric: str) -> str:
    """Return in words how a trial ended and what it reached."""
    trained = f" after {several(record.epochs, 'epoch')}" if record.epochs else ""
    spent = "" if record.train_seconds is None else f" and {duration(record.train_seconds)} of training"
    rows = "" if record.sample_rows is None else f" on {record.sample_rows:,} rows"
    ended = f"{ENDED.get(record.state, record.state)}{trained}{spent if trained else ''}{rows}"
    reached = []
    if record.quality is not None:
        reached.append(f"validation {metric} {number(record.quality)}")
    if record.test_quality is not None:
        reached.append(f"test {metric} {number(record.test_quality)}")
    return f"{ended}: {', '.join(reached)}." if reached else f"{ended}."


def original(records: Sequence[Record], record: Record) -> Record | None:
    """Return the trial that a trial repeats or made small; None where it is no copy."""
    return next((each for each in records if each.number == record.source), None)


def repeats(records: Sequence[Record], record: Record) -> tuple[Record, ...]:
    """Return the trial's recipe with every seed, itself among them; empty where it was not repeated.

    Of a model made small there are none.
    """
    if record.stage == "compress":
        return ()
    first = record.source if record.stage == "confirm" and record.source is not None else record.number
    alike = tuple(
        each for each in records if each.number == first or (each.stage == "confirm" and each.source == first)
    )
    return alike if len(alike) > 1 else ()


def made_small(records: Sequence[Record], record: Record) -> tuple[Record, ...]:
    """Return the compressed models that were made of a trial's own model."""
    return tuple(each for each in records if each.stage == "compress" and each.source == record.number)


def best_point(record: Record, direction: Direction) -> Measurement | None:
    """Return the point of the curve where the metric is best, the earliest of equals; None for no curve."""
    known = [point for point in record.curve if math.isfinite(point.valid_metric)]
    return min(known, key=lambda point: direction.loss(point.valid_metric), default=None)


def metric_title(record: Record, metric: str, direction: Direction) -> str:
    """Return the title of the chart of the metric: where the run was best."""
    best = best_point(record, direction)
    if best is None:
        return "No epoch was measured"
    last = record.epochs
    where = "the last epoch" if best.epoch == last else f"epoch {best.epoch} of {last}"
    return f"Validation {metric} is best at {where}: {number(best.valid_metric)}"


def losses_title(record: Record) -> str:
    """Return the title of the chart of the losses: where the validation loss was lowest."""
    known = [point for point in record.curve if math.isfinite(point.valid_loss)]
    if not known:
        return "No loss was measured"
    lowest, last = min(known, key=lambda point: point.valid_loss), known[-1]
    if lowest.epoch == last.epoch:
        return f"Validation loss is lowest at the last epoch: {number(lowest.valid_loss)}"
    return (
        f"Validation loss is lowest at epoch {lowest.epoch}, {number(lowest.valid_loss)}, "
        f"and ends at {number(last.valid_loss)}"
    )
