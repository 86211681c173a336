"""Is the study sound? The questions that the Deep Learning Tuning Playbook (Godbole et al. 2023) asks of a finished search."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from advisor.estimates import EDGE
from advisor.evidence import Check, Evidence, has_quality
from advisor.gaps import scale
from advisor.wording import number, percent, several, trials
from studies.record import Record, better

WHOLE_RUNS: Final = 3
"""Whole runs an optimizer needs before its best one says much: with fewer, the spread between trials is not known."""
INFEASIBLE_SHARE: Final = 0.3
"""Share of lost trials above which the ranges are wrong: lr is best found by overshooting now and then, not every third time."""
RISE: Final = 0.1
"""Rise of the validation loss above its lowest value that counts as clear, beyond the jitter of small splits (judged)."""
MISTAKES: Final = 10
"""Wrong validation rows below which one row moves the error by over 10 %."""


def checks(evidence: Evidence, best: Record | None, *, confirmed: Iterable[Record] = ()) -> tuple[Check, ...]:
    """Return every question with its answer; none before the first whole run.

    Args:
        evidence: the records.
        best: the trial whose recipe is recommended.
        confirmed: confirmation runs of that recipe.
    """
    if best is None:
        return ()
    return (
        range_edges(best),
        enough_trials(evidence),
        still_improving(best, evidence.direction),
        infeasible_share(evidence),
        overfitting(best),
        confirmation(tuple(confirmed)),
        *coarse_validation(evidence, best),
    )


def range_edges(best: Record) -> Check:
    """Ask whether a setting of the best recipe lies on the end of its range."""
    edges = [f"{name} on the {'upper' if unit > 0 else 'lower'} end" for name, unit in best.units.items() if abs(unit) > EDGE]
    return Check(
        name="range edges",
        passed=not edges,
        message=f"trial {best.number} has {', '.join(edges)} of its range"
        if edges
        else "no setting lies on the end of its range",
        fix="widen that range, or try the recipe with the value beyond it: a better one may lie there",
    )


def enough_trials(evidence: Evidence) -> Check:
    """Ask whether every optimizer had enough whole runs to be judged."""
    whole = {name: len(evidence.complete(name)) for name in evidence.optimizers}
    short = {name: count for name, count in whole.items() if count < WHOLE_RUNS}
    counts = ", ".join(f"{name} {count}" for name, count in short.items())
    return Check(
        name="enough trials",
        passed=not short,
        message=f"fewer than {WHOLE_RUNS} whole runs: {counts}"
        if short
        else f"every optimizer had {WHOLE_RUNS} whole runs or more",
        fix=f"resume with a larger budget, or compare fewer optimizers: {several(_missing(short), 'whole run')} missing",
    )


def still_improving(best: Record, direction: str) -> Check:
    """Ask whether the best run was at its best when it ended."""
    points = [point for point in best.curve if math.isfinite(point.valid_metric)]
    top = points[0] if points else None
    for point in points:
        if top is None or better(direction, point.valid_metric, top.valid_metric):
            top = point
    late = top is not None and len(points) > 1 and top is points[-1]
    where = f"at epoch {top.epoch} of {points[-1].epoch}" if top else "at an epoch that was not recorded"
    return Check(
        name="still improving",
        passed=not late,
        message=f"trial {best.number} was best {where}{', its last' if late else ''}",
        fix="train longer (more epochs): the order of the optimizers may change with the length of the run",
    )


def infeasible_share(evidence: Evidence) -> Check:
    """Ask whether too many trials diverged, ran out of memory or broke a limit."""
    ended = [record for name in evidence.optimizers for record in evidence.searched(name)]
    lost = [record for record in ended if record.state == "infeasible"]
    share = len(lost) / len(ended) if ended else 0.0
    causes = sorted({(record.error or "no reason recorded").split(":")[0] for record in lost})
    return Check(
        name="lost trials",
        passed=share <= INFEASIBLE_SHARE,
        message=f"{len(lost)} of {several(len(ended), 'trial')} ({percent(share)}) were lost"
        + (f" ({', '.join(causes[:3])})" if causes else ""),
        fix="lower the upper end of the learning rates, add warmup, or loosen the limit that is broken",
    )


def overfitting(best: Record) -> Check:
    """Ask whether the best run went on learning its training rows at the cost of the others."""
    points = [point for point in best.curve if math.isfinite(point.valid_loss)]
    lowest = min(points, key=lambda point: point.valid_loss, default=None)
    risen = lowest is not None and points[-1].valid_loss - lowest.valid_loss > RISE * abs(lowest.valid_loss)
    fallen = lowest is not None and points[-1].train_loss < lowest.train_loss
    message = "validation loss does not rise while training loss falls"
    if lowest is not None and risen and fallen:
        losses = f"from {number(lowest.valid_loss)} at epoch {lowest.epoch} to {number(points[-1].valid_loss)}"
        message = f"validation loss of trial {best.number} rose {losses} while training loss fell"
    return Check(
        name="overfitting",
        passed=not (risen and fallen),
        message=message,
        fix="regularise (weight decay, dropout, label smoothing), get more rows, or train for fewer epochs",
    )


def confirmation(runs: tuple[Record, ...]) -> Check:
    """Ask whether the recommended recipe was run again with fresh seeds."""
    held = [run for run in runs if has_quality(run)]
    lost = len(runs) - len(held)
    done = f"run again with {several(len(runs), 'fresh seed')} ({trials(run.number for run in runs)})" if runs else ""
    return Check(
        name="confirmed",
        passed=len(held) >= 2 and not lost,
        message=(done + (f"; {lost} of them diverged" if lost else ""))
        if runs
        else "the recommended recipe was run with one seed only",
        fix="lower its learning rate: it fails on some seeds"
        if lost
        else "resume the study, so that its finalists are run with more seeds",
    )


def coarse_validation(evidence: Evidence, best: Record) -> tuple[Check, ...]:
    """Ask, where rows are counted, whether enough of them are wrong for a difference to mean something."""
    measure = scale(evidence)
    if measure is None or evidence.valid_rows is None or evidence.metric != "accuracy" or not has_quality(best):
        return ()
    wrong = measure.loss(best.quality or 0.0) / measure.origin * evidence.valid_rows
    return (
        Check(
            name="validation rows",
            passed=wrong >= MISTAKES,
            message=f"about {number(round(wrong, 1))} of {evidence.valid_rows} validation rows are wrong, "
            f"so one row is {percent(1 / wrong)} of the error",
            fix="hold back more rows for validation, or read differences of a few rows as ties",
        ),
    )


def _missing(short: dict[str, int]) -> int:
    return sum(WHOLE_RUNS - count for count in short.values())
