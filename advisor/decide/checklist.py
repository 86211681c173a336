"""Checklist of a finished search: is the study sound? After the Tuning Playbook (Godbole et al. 2023)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.decide.compression_checks import compression_controls, compression_seeds
from advisor.decide.run_checks import late_variance, overfitting, range_edges, still_improving
from advisor.decide.scale import LossScale
from advisor.decide.split_checks import split_checks
from advisor.evidence import Evidence, has_quality
from advisor.recommendation import Check
from advisor.report.numbers import listed, number, percent, trials
from studies.direction import Direction
from studies.limits import LIMITED_COST
from studies.quantities import several
from studies.record import Record

WHOLE_RUNS: Final = 3
"""Whole runs an optimizer needs before its best one says much: with fewer, the spread between trials is not
known."""
INFEASIBLE_SHARE: Final = 0.3
"""Share of lost trials above which the ranges are wrong: lr is best found by overshooting now and then, not
every third time."""
MISTAKES: Final = 10
"""Wrong validation rows below which one row moves the error by over 10 %."""
AGREEMENT: Final = 0.6
"""Share of pairs whose order a third into the run is their last order; below, stopping early is little better
than a lot."""
PAIRS: Final = 20
"""Pairs of whole runs needed to speak of that: seven runs of one optimizer."""
TEST_GAP: Final = 0.4
"""Log-ratio by which the test loss may exceed the validation loss: half as much again; the test rows are
others (judged)."""
NOISE: Final = 3.0
"""Standard deviations of two shares of right rows that their difference must exceed as well."""


def checks(
    evidence: Evidence,
    best: Record | None,
    loss_scale: LossScale | None,
    *,
    confirmed: Iterable[Record] = (),
    compressed: Sequence[CompressedModel] = (),
    advised: CompressedModel | None = None,
) -> tuple[Check, ...]:
    """Return every question with its answer; none before the first whole run.

    Args:
        evidence: the records.
        best: the trial whose recipe is recommended.
        loss_scale: of the study's metric; None while no run is complete.
        confirmed: confirmation runs of that recipe.
        compressed: everything that was made small.
        advised: the one of them that is advised.
    """
    if best is None:
        return ()
    runs = tuple(confirmed)
    return (
        *unchecked_limits(evidence, best),
        *beats_a_constant(evidence, best, runs),
        range_edges(best),
        enough_trials(evidence),
        still_improving(evidence, best),
        infeasible_share(evidence),
        overfitting(evidence, best),
        *late_variance(best, loss_scale),
        *early_ranks(evidence),
        confirmation(evidence, runs),
        *held_out(evidence, loss_scale, runs),
        *coarse_validation(evidence, loss_scale, best, runs),
        *split_checks(evidence),  # type: ignore[arg-type]
        *compression_controls(evidence, compressed),
        *compression_seeds(evidence, advised),
    )


def unchecked_limits(evidence: Evidence, best: Record) -> tuple[Check, ...]:
    """Ask whether every limit could be held against a measured cost; a cost that nobody knows breaks none."""
    unknown = [
        f"{cost.limited} ({cost.flag})"
        for limit, cost in LIMITED_COST.items()
        if getattr(evidence.limits, limit) is not None and getattr(best, cost.field) is None
    ]
    if not unknown:
        return ()
    message = f"nobody measured {listed(unknown)} of the recommended run, so that limit was not checked"
    return (Check(name="limits", passed=False, message=message, fix="measure it, or leave the limit out"),)


def beats_a_constant(evidence: Evidence, best: Record, runs: tuple[Record, ...]) -> tuple[Check, ...]:
    """Ask whether the recommended recipe is better than a model that answers every row alike."""
    values = [run.quality for run in runs if has_quality(run) and run.quality is not None]
    values = values or ([] if best.quality is None else [best.quality])
    if evidence.baseline is None or not math.isfinite(evidence.baseline) or not values:
        return ()
    beaten = evidence.direction.better(fmean(values), evidence.baseline)
    return (
        Check(
            name="better than a constant",
            passed=beaten,
            message=f"{evidence.metric} {number(fmean(values))}, where a model that answers every row alike "
            f"has {number(evidence.baseline)}",
            fix="look at the data before the optimizer: is the target right, "
            "do the columns say anything about it",
        ),
    )


def enough_trials(evidence: Evidence) -> Check:
    """Ask whether every optimizer had enough whole runs in the search; confirmation runs do not count."""
    whole = {name: len(evidence.complete(name)) for name in evidence.optimizers}
    short = {name: count for name, count in whole.items() if count < WHOLE_RUNS}
    counts = ", ".join(f"{name} {count}" for name, count in short.items())
    return Check(
        name="enough trials",
        passed=not short,
        message=f"fewer than {WHOLE_RUNS} whole runs in the search: {counts}"
        if short
        else f"every optimizer had {WHOLE_RUNS} whole runs or more",
        fix=f"make {several(_missing(short), 'more whole run')}, or compare fewer optimizers",
        command=evidence.resume,
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


def confirmation(evidence: Evidence, runs: tuple[Record, ...]) -> Check:
    """Ask whether the recommended recipe was run again with fresh seeds."""
    finished = sum(map(has_quality, runs))
    lost = len(runs) - finished
    done = (
        f"run again with {several(len(runs), 'fresh seed')} ({trials(run.number for run in runs)})"
        if runs
        else ""
    )
    return Check(
        name="confirmed",
        passed=finished >= 2 and not lost,
        message=(done + (f"; {lost} of them diverged" if lost else ""))
        if runs
        else "the recommended recipe was run with one seed only",
        fix="lower its learning rate: it fails on some seeds"
        if lost
        else "run it, and its nearest rival, with more seeds",
        command="" if lost else evidence.resume,
    )


def early_ranks(evidence: Evidence) -> tuple[Check, ...]:
    """Ask whether a third of a run foretells its end in this study, which early stopping relies on.

    Pairs are of one optimizer; only whole runs have an end, so the pairs are those that early stopping let
    pass.
    """
    agreed, pairs = 0, 0
    for name in evidence.optimizers:
        agreed_here, pairs_here = _agreement(evidence.complete(name), evidence.direction)
        agreed, pairs = agreed + agreed_here, pairs + pairs_here
    if pairs < PAIRS:
        return ()
    share = agreed / pairs
    return (
        Check(
            name="early ranks",
            passed=share >= AGREEMENT,
            message="of two whole runs of an optimizer, the one ahead after a third ended ahead in "
            f"{percent(share)} of {pairs} pairs",
            fix="read stopped trials as unknown, not as bad; "
            "shorter runs, all of them whole, may compare better",
        ),
    )


def _agreement(runs: Iterable[Record], direction: Direction) -> tuple[int, int]:
    """Return in how many pairs the run ahead after a third ended ahead, and how many pairs can tell."""
    import numpy as np

    points = [(third, run.measured_quality) for run in runs if (third := _early(run, direction)) is not None]
    early, end = np.array(points).reshape(-1, 2).T
    agreed, pairs = 0, 0
    # a row of the square of pairs at a time: thousands of runs make millions
    for first in range(len(points) - 1):
        differ = (early[first] != early[first + 1 :]) & (end[first] != end[first + 1 :])
        same = (early[first] > early[first + 1 :]) == (end[first] > end[first + 1 :])
        agreed, pairs = agreed + int((differ & same).sum()), pairs + int(differ.sum())
    return agreed, pairs


def _early(run: Record, direction: Direction) -> float | None:
    """Return the best metric of the first third of a run."""
    values = [point.valid_metric for point in run.curve if point.epoch <= math.ceil(run.epochs / 3)]
    return direction.best(values)


def held_out(evidence: Evidence, loss_scale: LossScale | None, runs: tuple[Record, ...]) -> tuple[Check, ...]:
    """Ask whether the test split agrees with the validation split, beyond what other rows explain."""
    pairs = [
        (run.quality, run.test_quality) for run in runs if has_quality(run) and run.test_quality is not None
    ]
    if not pairs or loss_scale is None:
        return ()
    valid, test = (fmean(values) for values in zip(*pairs, strict=True))
    beyond_gap = loss_scale.gap(test) - loss_scale.gap(valid) > TEST_GAP
    apart = beyond_gap and abs(test - valid) > NOISE * _noise(evidence, valid, test)
    return (
        Check(
            name="test split",
            passed=not apart,
            message=f"{evidence.metric} {number(test)} on the test split, {number(valid)} on validation",
            fix="trust the test value; the search has fitted the validation rows, or the two splits differ: "
            "hold back more rows",
        ),
    )


def _noise(evidence: Evidence, valid: float, test: float) -> float:
    """Return the standard deviation of the difference of two accuracies; 0 for any other metric."""
    if evidence.metric != "accuracy" or not evidence.valid_rows:
        return 0.0
    share = min(1.0, max(0.0, (valid + test) / 2))
    return math.sqrt(2 * max(share * (1 - share), 1 / evidence.valid_rows) / evidence.valid_rows)


def coarse_validation(
    evidence: Evidence, loss_scale: LossScale | None, best: Record, runs: tuple[Record, ...]
) -> tuple[Check, ...]:
    """Ask, where rows are counted, whether enough of them are wrong for a difference to mean something."""
    if (
        loss_scale is None
        or evidence.valid_rows is None
        or evidence.metric != "accuracy"
        or not has_quality(best)
    ):
        return ()
    finished = [run for run in runs if has_quality(run)] or [best]
    losses = [loss_scale.loss(run.measured_quality) for run in finished]
    wrong = fmean(losses) / loss_scale.origin * evidence.valid_rows
    return (
        Check(
            name="validation rows",
            passed=wrong >= MISTAKES,
            message=f"{_rows(wrong)} of {evidence.valid_rows} validation rows wrong, "
            "and one row more or less is "
            + (f"{percent(1 / wrong)} of that" if wrong >= 1 else "all the difference"),
            fix="hold back more rows for validation, or read differences of a few rows as ties",
        ),
    )


def _rows(wrong: float) -> str:
    count = round(wrong)
    return "none" if wrong < 1 else f"about {count}"


def _missing(short: dict[str, int]) -> int:
    return sum(WHOLE_RUNS - count for count in short.values())
