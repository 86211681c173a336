"""Checklist of a finished search: is the study sound? After the Tuning Playbook (Godbole et al. 2023)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.decide.compression_checks import compression_controls, compression_seeds
from advisor.decide.function_checks import function_checks
from advisor.decide.run_checks import late_variance, overfitting, range_edges, still_improving
from advisor.decide.scale import LossScale
from advisor.decide.split_checks import split_checks
from advisor.decide.trial_checks import early_ranks, enough_trials, failed_trials, lost_trials
from advisor.evidence import Evidence, has_quality
from advisor.statements.check import Check
from advisor.statements.quality_checks import BetterThanConstant, Confirmed, HeldOut, ValidationRows
from advisor.statements.study_checks import UncheckedLimits
from studies.limits import LIMITED_COST
from studies.record import Record

MISTAKES: Final = 10
"""Wrong validation rows below which one row moves the error by over 10 %."""
SEEDS: Final = 2
"""Fresh seeds that a recipe has to get through."""
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
    costs: Mapping[str, float | int | None] | None = None,
    compressed: Sequence[CompressedModel] = (),
    advised: CompressedModel | None = None,
) -> tuple[Check, ...]:
    """Return every question with its answer; before a whole run those on the trials, before any trial none.

    Args:
        evidence: the records.
        best: the trial whose recipe is recommended; None when it was not trained.
        loss_scale: of the study's metric; None while no run is complete.
        costs: of the recommended recipe, by the fields of a record; those of `best` when left out.
        compressed: everything that was made small.
        advised: the one of them that is advised.
    """
    trials = (enough_trials(evidence), lost_trials(evidence), failed_trials(evidence))
    if best is None:
        return trials if any(record.state != "running" for record in evidence.records) else ()
    runs = confirmations(evidence, best)
    return (
        *function_checks(evidence),
        *unchecked_limits(evidence, best, costs),
        *beats_a_constant(evidence, best, runs),
        *trials,
        range_edges(best),
        still_improving(evidence, best),
        overfitting(best),
        *late_variance(best, loss_scale),
        *early_ranks(evidence),
        confirmation(evidence, runs),
        *held_out(evidence, loss_scale, runs),
        *coarse_validation(evidence, loss_scale, best, runs),
        *split_checks(evidence),
        *compression_controls(evidence, compressed),
        *compression_seeds(evidence, advised),
    )


def confirmations(evidence: Evidence, best: Record) -> tuple[Record, ...]:
    """Return every run of a trial's recipe with a fresh seed, those that are not finished as well."""
    source = best.source if best.stage == "confirm" else best.number
    runs = (record for record in evidence.records if record.stage == "confirm" and record.source == source)
    return tuple(sorted(runs, key=lambda run: run.number))


def unchecked_limits(
    evidence: Evidence, best: Record, costs: Mapping[str, float | int | None] | None
) -> tuple[Check, ...]:
    """Ask whether every limit could be held against a cost; a cost that nobody knows breaks none."""
    known = costs or {cost.field: getattr(best, cost.field) for cost in LIMITED_COST.values()}
    limits = tuple(
        limit
        for limit, cost in LIMITED_COST.items()
        if getattr(evidence.limits, limit) is not None and known[cost.field] is None
    )
    return (UncheckedLimits(limits=limits, passed=False),) if limits else ()


def beats_a_constant(evidence: Evidence, best: Record, runs: Iterable[Record]) -> tuple[Check, ...]:
    """Ask whether the recommended recipe is better than a model that answers every row alike."""
    measured = _measured(best, runs)
    if evidence.baseline is None or not math.isfinite(evidence.baseline) or not measured:
        return ()
    quality = fmean(run.measured_quality for run in measured)
    return (
        BetterThanConstant(
            trials=_numbers(measured),
            metric=evidence.metric,
            quality=quality,
            constant=evidence.baseline,
            passed=evidence.direction.better(quality, evidence.baseline),
        ),
    )


def confirmation(evidence: Evidence, runs: Sequence[Record]) -> Check:
    """Ask whether the recommended recipe was run again with fresh seeds, and got through on each."""
    finished = list(filter(has_quality, runs))
    failed = sum(run.state == "failed" for run in runs)
    unfinished = sum(run.state in ("running", "pruned") for run in runs)
    lost = len(runs) - len(finished) - failed - unfinished
    seeds = len({run.seed for run in finished})
    return Confirmed(
        trials=_numbers(runs),
        seeds=seeds,
        wanted_seeds=SEEDS,
        finished=len(finished),
        lost=lost,
        failed=failed,
        unfinished=unfinished,
        passed=seeds >= SEEDS and not lost and not failed,
        command="" if seeds >= SEEDS or lost or failed else evidence.resume,
    )


def held_out(evidence: Evidence, loss_scale: LossScale | None, runs: Iterable[Record]) -> tuple[Check, ...]:
    """Ask whether the test split agrees with the validation split, beyond what other rows explain."""
    finished = list(filter(has_quality, runs))
    tested = [run for run in finished if run.test_quality is not None and math.isfinite(run.test_quality)]
    if not tested or loss_scale is None:
        return ()
    test = fmean(run.test_quality for run in tested if run.test_quality is not None)
    valid = fmean(run.measured_quality for run in tested)
    noise = NOISE * _noise(evidence, loss_scale, valid, test)
    apart = loss_scale.gap(test) - loss_scale.gap(valid) > TEST_GAP and abs(test - valid) > noise
    return (
        HeldOut(
            trials=_numbers(tested),
            metric=evidence.metric,
            test_quality=test,
            valid_quality=valid,
            runs=len(finished),
            allowed_gap=TEST_GAP,
            noise=noise,
            passed=not apart,
        ),
    )


def _noise(evidence: Evidence, loss_scale: LossScale, valid: float, test: float) -> float:
    """Return the standard deviation of the difference of two accuracies; 0 for any other metric."""
    if evidence.metric != "accuracy" or not evidence.valid_rows:
        return 0.0
    whole = loss_scale.origin or 1.0
    share = min(1.0, max(0.0, (valid + test) / 2 / whole))
    variance = max(share * (1 - share), 1 / evidence.valid_rows)
    return whole * math.sqrt(2 * variance / evidence.valid_rows)


def coarse_validation(
    evidence: Evidence, loss_scale: LossScale | None, best: Record, runs: Iterable[Record]
) -> tuple[Check, ...]:
    """Ask, where rows are counted, whether enough of them are wrong for a difference to mean something."""
    measured, rows = _measured(best, runs), evidence.valid_rows
    counted = evidence.metric == "accuracy" and evidence.direction.maximizes
    if loss_scale is None or rows is None or not counted or not measured:
        return ()
    missing = fmean(loss_scale.origin - run.measured_quality for run in measured)
    wrong = round(missing / loss_scale.origin * rows, 6)
    return (
        ValidationRows(
            trials=_numbers(measured),
            rows=rows,
            wrong_rows=wrong,
            row_share=1 / wrong if wrong > 1 else 1.0,
            wanted_wrong_rows=MISTAKES,
            passed=wrong >= MISTAKES,
        ),
    )


def _measured(best: Record, runs: Iterable[Record]) -> tuple[Record, ...]:
    """Return the runs that stand for a recipe's quality: those with fresh seeds, else its search trial."""
    return tuple(filter(has_quality, runs)) or tuple(filter(has_quality, (best,)))


def _numbers(runs: Iterable[Record]) -> tuple[int, ...]:
    return tuple(run.number for run in runs)
