"""Evidence in, recommendation out: a pure function, so that the command line, the dashboard and the tests ask the same thing.

In this order: the rules speak; what breaks a limit is vetoed; the posterior gives each optimizer that is left its expected
regret; the least one wins; among those that the evidence cannot tell from it, the goal decides.

What holds, and is tested:

- The order of records changes nothing, nor does the order of candidates, but for exact ties.
- No limit is ever broken by a cost that is known.
- A looser limit never makes the posterior mean gap of the answer larger under the goal `quality`, and by no more than the tie
  margin under the others, as long as every optimizer in question has a whole run that fits: the posterior knows no limits.
- Search trials of a confirmed optimizer that are worse than its best change nothing, but that with them trials are no longer
  few, or are plenty, which rules may mind.
- Compressed models change neither who wins nor why, unless a limit on the model's size or latency is broken without them; and
  what another compressed model beats in everything changes nothing at all.
- Of two optimizers that were confirmed alike and that the prior holds equal, the worse confirmed one is never held better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Final

from advisor import changes, reasons
from advisor.beliefs import PRIOR_CAP, Beliefs, Standing, beliefs
from advisor.checklist import checks
from advisor.compressed import Shrunk, best_fitting, front, limited, shrunk, smallest_tied
from advisor.evidence import Contender, Evidence, Finding, Label, Recommendation, has_quality
from advisor.feasible import Option, options
from advisor.gaps import scale
from advisor.goals import criteria
from advisor.interval import half_width
from advisor.rules import judge
from advisor.wording import margin
from studies.errors import BadValue, NothingFeasible
from studies.record import Record

DECIDED: Final = 0.9
LEANING: Final = 0.75
"""P(tie) from which an answer is leaning: the level at which Bouthillier et al. 2021, arXiv 2103.03098, call it real."""
NEARLY: Final = 0.8
"""Share of the best one's chance of being good enough that an optimizer tied with it has at least (judged)."""
COARSE: Final = 0.25
"""Tie margin, a log-ratio, above which nothing is called decided unless it is the very best: a quarter of the loss is no tie."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which optimizer, out of what."""

    optimizer: str
    label: Label
    fits: Mapping[str, Option]
    standings: Mapping[str, Standing]
    tied: tuple[str, ...]
    """Optimizers that the evidence cannot tell from the best one, itself included, best first."""
    ranked: tuple[str, ...]
    """All that fit, least expected regret first."""


def recommend(evidence: Evidence, *, tuning_trials: int | None = None) -> Recommendation:
    """Return which optimizer and recipe to use, how sure that is, why, and what would change it.

    Args:
        evidence: facts, limits, records and candidates.
        tuning_trials: trials an optimizer will be tuned with; None judges each at as many as it had.

    Raises:
        NothingFeasible: no optimizer fits the limits; the message says which to relax, and to what.
        BadValue: the evidence names no optimizer.
    """
    if not evidence.optimizers:
        raise BadValue("there is no optimizer to choose from; give candidates or records")
    findings = judge(evidence)
    held = beliefs(evidence, findings, tuning_trials=tuning_trials)
    fits, vetoes = options(evidence, held.estimates, findings)
    verdict = decide(evidence, held, fits)
    return _answer(evidence, held, verdict, (*vetoes, *findings))


def decide(evidence: Evidence, held: Beliefs, fits: Mapping[str, Option]) -> Verdict:
    """Return the optimizer of least expected regret, or the one that the goal prefers among those tied with it.

    Tied are those within the tie margin of the least regret whose own chance of being good enough is nearly as large, and would
    earn the same label. An optimizer without a whole run is answered only when none that fits has one.
    """
    standings = held.standings({name: option.given_away for name, option in fits.items()})
    place = {name: index for index, name in enumerate(evidence.optimizers)}
    ranked = tuple(sorted(fits, key=lambda name: (round(standings[name].expected_regret, 9), place[name])))
    tried = [name for name in ranked if fits[name].record] or ranked
    best = standings[tried[0]]
    near = best.expected_regret + held.margin
    tied = [
        name
        for name in tried
        if standings[name].expected_regret <= near
        and standings[name].p_tie >= NEARLY * best.p_tie
        and _level(standings[name].p_tie) >= _level(best.p_tie)
    ]
    wanted = criteria(evidence.goal, {name: fits[name] for name in tied})
    chosen = min(tied, key=lambda name: (*wanted[name].values(), tied.index(name)))
    label = _label(chosen, ranked, standings, fits, held)
    return Verdict(optimizer=chosen, label=label, fits=fits, standings=standings, tied=tuple(tied), ranked=ranked)


def _level(p_tie: float) -> int:
    return (p_tie >= LEANING) + (p_tie >= DECIDED)


def _label(
    chosen: str, ranked: tuple[str, ...], standings: Mapping[str, Standing], fits: Mapping[str, Option], held: Beliefs
) -> Label:
    """Return the label.

    Not `decided` when a limit forbids the best recipe, when a learning rate of the best two is on an edge, or when all that is
    sure is that the validation rows tell nothing apart.
    """
    if fits[chosen].record is None:
        return "prior only"
    level = _level(standings[chosen].p_tie)
    rival = next((name for name in ranked if name != chosen), chosen)
    edge = any(held.estimates.by_optimizer[name].at_edge for name in (chosen, rival) if name in held.estimates.by_optimizer)
    coarse = len(ranked) > 1 and held.margin > COARSE and standings[chosen].p_best < DECIDED
    mine = fits[chosen]
    lucky = mine.given_away > 0 or (mine.shrunk is not None and not mine.confirmed)
    if level == 2 and (edge or coarse or lucky):
        return "leaning"
    labels: tuple[Label, ...] = ("open", "leaning", "decided")
    return labels[level]


def _answer(evidence: Evidence, held: Beliefs, verdict: Verdict, findings: tuple[Finding, ...]) -> Recommendation:
    contenders = tuple(_contender(evidence, verdict, name) for name in verdict.ranked)
    mine = next(contender for contender in contenders if contender.optimizer == verdict.optimizer)
    option = verdict.fits[verdict.optimizer]
    trained = option.training
    small = shrunk(evidence)
    point = _point(evidence, held, option, small)
    cap = PRIOR_CAP if verdict.label == "prior only" else 1.0
    tests = [run.test_quality for run in option.runs if has_quality(run) and run.test_quality is not None]
    advice = Recommendation(
        study=evidence.study,
        optimizer=verdict.optimizer,
        params=mine.params or {"optimizer": verdict.optimizer},
        label=verdict.label,
        p_best=min(cap, mine.p_best),
        p_tie=min(cap, mine.p_tie),
        expected_regret=mine.expected_regret,
        metric=evidence.metric,
        direction=evidence.direction,
        quality=mine.quality,
        interval=mine.interval,
        test_quality=fmean(tests) if tests else None,
        test_spread=stdev(tests) if len(tests) > 1 else None,
        seeds=_seeds(option),
        trials=mine.trials,
        costs=option.costs,
        reasons=(),
        findings=findings,
        alternatives=(),
        would_change=(),
        checklist=checks(evidence, _as_deployed(option), confirmed=trained.runs, compressed=small, advised=point),
        contenders=contenders,
        margin=held.margin,
        tie=_tie(evidence, held, mine.quality),
        steps=trained.record.curve[-1].step if trained.record and trained.record.curve else None,
        compressed=front(small, evidence.direction),
        compression=point,
    )
    case = reasons.Case(evidence=evidence, held=held, verdict=verdict, advice=advice)
    return replace(
        advice,
        reasons=reasons.why(case),
        alternatives=reasons.alternatives(case),
        would_change=changes.would_change(case, lambda other: _again(other, held)),
    )


def _point(evidence: Evidence, held: Beliefs, option: Option, small: tuple[Shrunk, ...]) -> Shrunk | None:
    """Return the compressed model to use of the recommended optimizer; None when there is none, or none fits."""
    own = [one for one in small if one.optimizer == option.optimizer]
    if option.shrunk or not limited(evidence.limits):
        return option.shrunk or smallest_tied(own, evidence, held.margin)
    return best_fitting(own, evidence)


def _as_deployed(option: Option) -> Record | None:
    """Return the training run behind an option, with the size and latency of what is deployed."""
    trained = option.training.record
    if trained is None or option.shrunk is None:
        return trained
    return replace(trained, model_bytes=option.shrunk.model_bytes, latency_seconds=option.shrunk.latency_seconds)


def _tie(evidence: Evidence, held: Beliefs, quality: float | None) -> str:
    """Return the tie margin in words: half a validation row where that is what makes it, else in the metric's own terms."""
    rows = evidence.valid_rows
    if rows and evidence.metric == "accuracy" and quality is not None and held.margin == held.estimates.resolution:
        return f"half a validation row ({50 / rows:.2g} points of accuracy)"
    return margin(evidence.metric, evidence.direction, quality, held.margin)


def _again(evidence: Evidence, held: Beliefs) -> Verdict | None:
    """Decide again under other limits or another goal; the posterior stays, as neither has a part in it. None if nothing fits."""
    try:
        fits, _ = options(evidence, held.estimates, judge(evidence))
    except NothingFeasible:
        return None
    return decide(evidence, held, fits)


def _contender(evidence: Evidence, verdict: Verdict, name: str) -> Contender:
    option, standing = verdict.fits[name], verdict.standings[name]
    runs = [run for run in option.runs if has_quality(run)] or ([option.record] if option.record else [])
    qualities = [run.quality for run in runs if run.quality is not None]
    return Contender(
        optimizer=name,
        p_best=standing.p_best,
        p_tie=standing.p_tie,
        expected_regret=standing.expected_regret,
        quality=fmean(qualities) if qualities else None,
        interval=_interval(evidence, qualities),
        trials=tuple(run.number for run in runs),
        params=option.record.params if option.record else None,
        train_seconds=option.costs["train_seconds"],
        peak_bytes=_whole(option.costs["peak_bytes"]),
        optimizer_state_bytes=_whole(option.costs["optimizer_state_bytes"]),
        completed=len(evidence.complete(name)),
    )


def _interval(evidence: Evidence, qualities: list[float]) -> tuple[float, float] | None:
    """Return Student's 90 % interval of the mean over seeds, cut where the metric ends."""
    measure = scale(evidence)
    reach = half_width(qualities)
    if reach is None or measure is None:
        return None
    low, high = fmean(qualities) - reach, fmean(qualities) + reach
    return (low, min(high, measure.origin)) if evidence.direction.maximizes else (max(low, measure.origin), high)


def _seeds(option: Option) -> tuple[int, ...]:
    runs = [run for run in option.runs if has_quality(run)] or ([option.record] if option.record else [])
    return tuple(run.seed for run in runs)


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)
