"""Reasons for the recommended optimizer: statements, each with its figures and their trials or source."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, stdev
from typing import Final

from advisor.contender import Contender
from advisor.decide.compression_reasons import compression_reasons
from advisor.decide.decision import Explained
from advisor.decide.failures import failures_of
from advisor.decide.finding_reasons import finding_reasons
from advisor.decide.interval import new_rows_interval
from advisor.decide.outlook import half_the_epochs
from advisor.decide.paired import Paired
from advisor.decide.posterior import PRIOR_CAP
from advisor.decide.scale import LossScale
from advisor.decide.yardsticks import yardstick_reasons
from advisor.evidence import has_quality
from advisor.goals import cost_of
from advisor.statements.confidence import AsGood, NothingApart, NoWholeRun, OnlyOne, RowsTell, SeedSpread
from advisor.statements.measured import NewRows, NextBest, NothingToCompare, Reached, Role, Tested, Way
from advisor.statements.preference import GivesUp, LeftBehind, Preferred
from advisor.statements.sample import TrainedOnSample, sample_rows
from advisor.statements.statement import Statement
from advisor.statements.yardsticks import YardstickIsBetter
from studies.split_facts import SplitFacts

SMALLEST_SPREAD: Final = 0.001
"""Spread over seeds below which nothing is said of it: what seeds do is lost in what rows do."""


def reasons(explained: Explained) -> tuple[Statement, ...]:
    """Return the reasons, most telling first."""
    parts = (
        _measured(explained),
        compression_reasons(explained),
        _confidence(explained),
        _preferred(explained),
        _yardsticks(explained),
        _tested(explained),
        _new_rows(explained),
        half_the_epochs(explained),
        _failures(explained),
        finding_reasons(explained),
    )
    return tuple(reason for part in parts for reason in part)


def nothing_apart(explained: Explained) -> NothingApart | None:
    """Return that all in question measured the same, if they did."""
    advised, evidence = explained.advised, explained.evidence
    if explained.decision.label != "tied" or advised.quality is None:
        return None
    some = len(explained.decision.in_question) < len(explained.contenders)
    confirmed = explained.decision.recipe.training.confirmed
    return NothingApart(
        subjects=explained.decision.in_question,
        metric=evidence.metric,
        quality=advised.quality,
        rows=evidence.valid_rows,
        confirmed=some and confirmed,
        untried=some and not confirmed,
    )


def gives_up(explained: Explained) -> GivesUp | None:
    """Return what the advised one gives up against the best measured of all that fit, if it does.

    Compared are runs on the same seeds and rows.
    """
    evidence, scale = explained.evidence, explained.posterior.estimates.loss_scale
    pairs = {other.optimizer: explained.paired(other.optimizer) for other in explained.others}
    ahead = {
        name: pair
        for name, pair in pairs.items()
        if pair and scale and evidence.direction.better(pair.quality, pair.advised_quality)
    }
    if not ahead or scale is None:
        return None
    name = max(ahead, key=lambda each: _lead(scale, ahead[each]))
    pair = ahead[name]
    return GivesUp(
        subjects=(name,),
        trials=pair.trials,
        metric=evidence.metric,
        direction=evidence.direction,
        quality=pair.advised_quality,
        best=pair.quality,
        advised_trials=pair.advised_trials,
        within=_lead(scale, pair) <= explained.posterior.margin,
        unconfirmed=explained.confirmed(explained.decision.optimizer)
        and not explained.confirmed(name)
        and explained.decision.recipe.compressed is None,
    )


def plain_model_ahead(explained: Explained) -> Statement | None:
    """Return the plain model that beats the advised recipe on the study's own split, if any does."""
    return next((each for each in _yardsticks(explained) if isinstance(each, YardstickIsBetter)), None)


def _lead(scale: LossScale, pair: Paired) -> float:
    return scale.gap(pair.advised_quality) - scale.gap(pair.quality)


def _seeds(explained: Explained, name: str) -> int:
    return len({run.seed for run in explained.decision.fits[name].measured_runs})


def _measured(explained: Explained) -> Iterator[Statement]:
    advised, rival = explained.advised, explained.rival
    if advised.quality is None:
        return
    yield Reached(
        subjects=(advised.optimizer,),
        trials=advised.trials,
        metric=explained.evidence.metric,
        quality=advised.quality,
        seeds=_seeds(explained, advised.optimizer),
        whole_runs=advised.completed,
        way=_way(explained),
    )
    if (rows := sample_rows(explained.evidence)) is not None and advised.trials:
        yield _sample(explained, rows)
    if rival is not None and rival.quality is not None:
        yield _next_best(explained, rival, rival.quality)
    elif explained.others:
        yield NothingToCompare()


def _sample(explained: Explained, rows: int) -> TrainedOnSample:
    """Return what is said where the search trained on so many rows only."""
    runs = explained.decision.recipe.training.runs
    return TrainedOnSample(
        trials=tuple(run.number for run in runs),
        sample_rows=rows,
        rows=explained.evidence.facts.rows,
        confirmed=bool(runs),
        confirmed_rows=runs[0].sample_rows if runs else None,
    )


def _way(explained: Explained) -> Way:
    recipe = explained.decision.recipe
    if recipe.compressed is not None:
        return "deployed" if recipe.compressed.plain else "compressed"
    if recipe.confirmed:
        return "confirmed"
    return "best that fits" if recipe.given_away > 0 else "best"


def _next_best(explained: Explained, rival: Contender, reached: float) -> NextBest:
    fits, advised = explained.decision.fits, explained.decision.recipe
    alike = explained.confirmed(rival.optimizer) == explained.confirmed(advised.optimizer)
    seeds = {run.seed for run in advised.measured_runs}
    shared = seeds & {run.seed for run in fits[rival.optimizer].measured_runs}
    pair, scale = explained.paired(rival.optimizer), explained.posterior.estimates.loss_scale
    leads = explained.contenders[0] is explained.advised
    of_these = pair is not None and set(pair.trials) == set(rival.trials)  # not of one search trial of each
    fewer = pair if of_these and len(shared) < len(seeds) else None
    ahead = (
        pair is not None
        and bool(shared)
        and explained.evidence.direction.better(pair.quality, pair.advised_quality)
    )
    role: Role = "ahead" if ahead else "runner-up" if leads else "nearest rival"
    return NextBest(
        subjects=(rival.optimizer,),
        trials=rival.trials,
        metric=explained.evidence.metric,
        quality=reached,
        role=role,
        confirmed=None if alike else explained.confirmed(rival.optimizer),
        compressed=fits[rival.optimizer].compressed is not None,
        other_rows=not shared,
        advised=explained.decision.optimizer if fewer else "",
        advised_quality=fewer.advised_quality if fewer else None,
        advised_trials=fewer.advised_trials if fewer else (),
        within=ahead
        and scale is not None
        and pair is not None
        and _lead(scale, pair) <= explained.posterior.margin,
    )


def _confidence(explained: Explained) -> Iterator[Statement]:
    advised, evidence, estimates = explained.advised, explained.evidence, explained.posterior.estimates
    if advised.quality is None:
        yield NoWholeRun(cap=PRIOR_CAP)
        return
    if not explained.others:
        if explained.decision.caveat != "compression" and "optimizer" not in evidence.unread:
            yield OnlyOne(in_question=len(evidence.optimizers))
        return
    if alike := nothing_apart(explained):
        yield alike
        return
    yield AsGood(
        tie=explained.tie,
        p_tie=advised.p_tie,
        p_best=advised.p_best,
        compared=len(explained.contenders),
        expected_regret=advised.expected_regret,
        loss=_loss(explained),
    )
    margin, spread = explained.posterior.margin, estimates.measured_seed_sd
    if spread is not None and spread > SMALLEST_SPREAD:
        splits = any(record.split_seed is not None for record in evidence.records)
        margins = spread == margin
        yield SeedSpread(gap=spread, loss=_loss(explained), is_margin=margins, fresh_splits=splits)
    if estimates.resolution == margin and evidence.valid_rows:
        yield RowsTell(rows=evidence.valid_rows, tie=explained.tie)


def _loss(explained: Explained) -> str:
    return "error" if explained.evidence.direction.maximizes else explained.evidence.metric


def _preferred(explained: Explained) -> Iterator[Statement]:
    decision, goal, fits = explained.decision, explained.evidence.goal, explained.decision.fits
    tied = [name for name in decision.tied if name != decision.optimizer]
    if not tied or (goal == "quality" and decision.label != "tied"):
        return
    behind = tuple(
        LeftBehind(
            cost=separation.cost,
            value=cost_of(fits[decision.optimizer], separation.cost) or 0.0,
            least=min(cost_of(fits[name], separation.cost) or 0.0 for name in separation.left_behind),
            optimizers=separation.left_behind,
            forecast=separation.cost not in {*fits[decision.optimizer].measured, "settings"},
        )
        for separation in decision.separations
    )
    left = {name for separation in decision.separations for name in separation.left_behind}
    yield Preferred(
        subjects=(decision.optimizer, *tied),
        goal=goal,
        left_behind=behind,
        trained=explained.advised.quality is not None,
        as_cheap=tuple(name for name in tied if name not in left) if behind else (),
    )


def _tested(explained: Explained) -> Iterator[Statement]:
    recipe = explained.decision.recipe
    runs = [run for run in recipe.runs if has_quality(run) and run.test_quality is not None]
    tests = recipe.test_qualities
    if tests:
        yield Tested(
            subjects=(recipe.optimizer,),
            trials=tuple(run.number for run in runs),
            metric=explained.evidence.metric,
            quality=fmean(tests),
            spread=stdev(tests) if len(tests) > 1 else None,
        )


def _yardsticks(explained: Explained) -> tuple[Statement, ...]:
    quality, margin = _own_split_quality(explained), explained.posterior.margin
    in_trial = quality != explained.advised.quality
    return yardstick_reasons(explained.evidence, quality, margin, in_trial=in_trial)


def _own_split_quality(explained: Explained) -> float | None:
    """Return the advised recipe's quality on the study's own split, which plain models are measured on."""
    recipe = explained.decision.recipe
    trial = recipe.training.record
    own_rows = (None, trial.sample_rows if trial else None)
    elsewhere = any((run.split_seed, run.sample_rows) != own_rows for run in recipe.training.runs)
    if not elsewhere or recipe.compressed is not None or trial is None or not trial.searched:
        return explained.advised.quality
    return trial.quality


def _new_rows(explained: Explained) -> Iterator[Statement]:
    """Say what to expect on new rows; of a compressed model that is not known."""
    recipe = explained.decision.recipe
    if recipe.record is None or recipe.compressed is not None:
        return
    qualities = [run.measured_quality for run in recipe.measured_runs]
    expected = new_rows_interval(explained.posterior.estimates, recipe.optimizer, qualities)
    if expected:
        ends = (*expected, *(explained.advised.interval or ()))  # what seeds alone leave open is in it
        low, high = min(ends), max(ends)
        split = explained.evidence.split_facts or SplitFacts()
        yield NewRows(
            subjects=(recipe.optimizer,),
            metric=explained.evidence.metric,
            low=low,
            high=high,
            way=split.way,
            column=split.column,
        )


def _failures(explained: Explained) -> Iterator[Statement]:
    if raised := failures_of(explained.evidence):
        yield raised
