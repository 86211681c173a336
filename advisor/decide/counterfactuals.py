"""Counterfactuals: other limits or goals (decided again), more seeds or trials, wider ranges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from advisor.decide.decision import Decision, Explained
from advisor.decide.feasible_recipe import FeasibleRecipe
from advisor.decide.outlook import stopped_early
from advisor.decide.paired import paired
from advisor.decide.ruled_out import nearest_ruled_out
from advisor.decide.value_of_trials import value_of_trials
from advisor.evidence import Evidence, has_quality
from advisor.goals import GOALS
from advisor.statements.alternative import CLEARLY
from advisor.statements.evidence_wanted import (
    AnyTrial,
    BeatenSince,
    ConfirmToo,
    FirstWholeRun,
    FreshSeeds,
    HardlyApart,
    MoreRows,
    MoreSeeds,
    MoreTrials,
    NothingInSight,
    WholeRunsOf,
    WiderRange,
)
from advisor.statements.other_questions import Admits, Instead, LooserLimit, OtherGoals, TighterLimit
from advisor.statements.statement import Statement
from studies.costs import Cost
from studies.limits import LIMITED_COST

MOST_SEEDS: Final = 30
"""Seeds beyond which telling two optimizers apart is not worth it."""
TIMED: Final = 0.7
"""Share of a measured time below which another one is clearly less: times of equal work differ by a quarter
from run to run."""
MORE_TRIALS: Final = 12
"""Trials whose worth is told: about a minute of a small search."""
CONFIDENT: Final = 1.645
"""Standard deviations that a normal number stays below in 95 % of cases."""
FINER: Final = 1.002
"""Step in which a limit is raised until what is written of it, rounded, is enough."""

Decide = Callable[[Evidence], Decision | None]


def would_change(explained: Explained, decide: Decide) -> tuple[Statement, ...]:
    """Return what would change the answer; `decide` answers under other limits."""
    parts = (
        _without_whole_run(explained),
        _separating(explained),
        _edges(explained),
        _beaten_since(explained),
        _more_trials(explained),
        stopped_early(explained),
        _limits(explained, decide),
        _nearest(explained, decide),
        _goals(explained, decide),
    )
    return tuple(change for part in parts for change in part) or (NothingInSight(),)


def _without_whole_run(explained: Explained) -> Iterator[Statement]:
    if explained.advised.quality is None:
        tried = explained.evidence.records
        yield FirstWholeRun(subjects=(explained.decision.optimizer,)) if tried else AnyTrial()
        return
    if idle := tuple(
        other.optimizer for other in explained.others if not explained.evidence.complete(other.optimizer)
    ):
        yield WholeRunsOf(subjects=idle)


def _separating(explained: Explained) -> Iterator[Statement]:
    """Say how many seeds would tell the best two apart, or that there is no point."""
    advised, rival = explained.advised, explained.rival
    if advised.quality is None or explained.decision.label in {"decided", "tied"}:
        return
    confirmed = explained.decision.recipe.training.confirmed
    if rival is None:
        if not confirmed:
            yield FreshSeeds(subjects=(advised.optimizer,))
        return
    names = (advised.optimizer, rival.optimizer)
    estimates = explained.posterior.estimates
    left, right = (estimates.by_optimizer.get(name) for name in names)
    if left is None or right is None or not all(map(explained.confirmed, names)):
        yield FreshSeeds(subjects=names)
        return
    apart, rows = abs(left.gap - right.gap), explained.evidence.valid_rows
    if math.sqrt(2) * CONFIDENT * estimates.row_sd > apart and rows:
        yield MoreRows(subjects=names, rows=rows, gap=apart)
        return
    yield from _more_seeds(explained, names, apart)


def _more_seeds(explained: Explained, names: tuple[str, str], apart: float) -> Iterator[Statement]:
    """Say how many seeds tell a gap of `apart` from luck, or that too many would be needed."""
    seed_sd = explained.posterior.estimates.seed_sd
    now = min(len({run.seed for run in explained.decision.fits[name].measured_runs}) for name in names)
    wanted = math.ceil(2 * (CONFIDENT * seed_sd / apart) ** 2) if apart > 0 else MOST_SEEDS + 1
    if wanted > MOST_SEEDS:
        yield HardlyApart(subjects=names, gap=apart, seed_gap=seed_sd)
    elif wanted > now:
        yield MoreSeeds(subjects=names, seeds=wanted, seeds_now=now, gap=apart)
    else:
        yield from _confirm_too(explained)


def _confirm_too(explained: Explained) -> Iterator[Statement]:
    evidence = explained.evidence
    confirmed = tuple(
        name for name in evidence.optimizers if any(map(has_quality, evidence.confirmations(name)))
    )
    idle = tuple(other.optimizer for other in explained.others if other.optimizer not in confirmed)
    if idle and confirmed:
        yield ConfirmToo(subjects=idle, confirmed=confirmed)


def _edges(explained: Explained) -> Iterator[Statement]:
    for name, estimate in sorted(explained.posterior.estimates.by_optimizer.items()):
        if estimate.at_edge and name in explained.decision.fits:
            yield WiderRange(subjects=(name,))


def _beaten_since(explained: Explained) -> Iterator[Statement]:
    """Point at a search trial that has beaten the confirmed one since."""
    recipe, evidence = explained.decision.recipe.training, explained.evidence
    if not recipe.confirmed or recipe.record is None or recipe.record.quality is None:
        return
    fitting = (run for run in evidence.complete(recipe.optimizer) if not evidence.limits.broken_by(run))
    best = min(fitting, key=lambda run: evidence.direction.loss(run.quality), default=None)
    searched = recipe.record.searched
    if best is not None and searched and evidence.direction.better(best.quality, recipe.record.quality):
        yield BeatenSince(
            subjects=(recipe.optimizer,), trials=(best.number,), confirmed_trial=recipe.record.number
        )


def _more_trials(explained: Explained) -> Iterator[Statement]:
    """Say with which chance a dozen more trials would change the answer."""
    decision = explained.decision
    if decision.recipe.record is None or len(decision.in_question) < 2:
        return
    value = value_of_trials(
        explained.evidence,
        explained.posterior,
        decision.optimizer,
        decision.in_question,
        MORE_TRIALS,
        given_away={name: recipe.given_away for name, recipe in decision.fits.items()},
    )
    if value:
        yield MoreTrials(subjects=decision.in_question, more=value.count, p_change=value.changes)


def _limits(explained: Explained, decide: Decide) -> Iterator[Statement]:
    if not explained.evidence.records:
        return  # a tighter limit lets others enter: who would win among them is not known here
    for limit, cost in LIMITED_COST.items():
        yield from _looser(explained, decide, limit, cost)
        yield from _tighter(explained, decide, limit, cost)


def _looser(explained: Explained, decide: Decide, limit: str, cost: Cost) -> Iterator[Statement]:
    allowed = getattr(explained.evidence.limits, limit)
    without = _under(explained, decide, limit, None) if allowed is not None else None
    need = without.recipe.costs[cost.field] if without else None
    if without is None or need is None or need <= allowed or without.recipe.record is None:
        return
    wanted = _written_above(cost, need)
    looser = _under(explained, decide, limit, wanted)
    if looser and looser.recipe.record is not None and _differs(explained, looser):
        instead = _instead(explained, looser)
        yield LooserLimit(limit=limit, now=allowed, wanted=wanted, instead=instead)


def _tighter(explained: Explained, decide: Decide, limit: str, cost: Cost) -> Iterator[Statement]:
    spent = explained.decision.recipe.costs[cost.field]
    if not spent or cost.field not in explained.decision.recipe.measured:
        return
    bound = cost.parse(cost.write((TIMED if cost.in_seconds else CLEARLY) * spent))
    tighter = _under(explained, decide, limit, bound) if 0 < bound < spent else None
    if tighter is None or tighter.recipe.record is None or not _differs(explained, tighter):
        return
    same_model = cost.of_model and _same_model(explained, tighter)
    if not same_model and not _promises_more(instead := _instead(explained, tighter)):
        yield TighterLimit(limit=limit, below=bound, instead=instead)


def _promises_more(instead: Instead) -> bool:
    """Tell whether a tighter limit would lead to what is measured better: it can be had without the limit."""
    better = instead.direction.better
    known = instead.quality is not None and instead.advised_quality is not None
    return known and better(instead.quality, instead.advised_quality)


def _nearest(explained: Explained, decide: Decide) -> Iterator[Statement]:
    """Name the ruled out optimizer that is nearest to fitting, and the limit that admits it."""
    ruled_out = nearest_ruled_out(explained.evidence, explained.summary, explained.findings)
    if ruled_out is None or ruled_out.optimizer in explained.decision.fits:
        return
    cost = LIMITED_COST[ruled_out.limit]
    wanted = _written_above(cost, ruled_out.needed)
    admitting = _under(explained, decide, ruled_out.limit, wanted)
    if admitting and ruled_out.optimizer in admitting.fits:
        yield Admits(
            subjects=(ruled_out.optimizer,),
            limit=ruled_out.limit,
            now=getattr(explained.evidence.limits, ruled_out.limit),
            wanted=wanted,
            tried=ruled_out.has_trials,
        )


def _written_above(cost: Cost, need: float) -> float:
    """Return the smallest value that is enough even as it is written, rounded."""
    value = need
    while cost.parse(cost.write(value)) < need:
        value *= FINER
    return cost.parse(cost.write(value))


def _differs(explained: Explained, decision: Decision) -> bool:
    """Tell whether another optimizer is answered, or another way to make the same one's model small."""
    now, then = explained.decision, decision
    return then.optimizer != now.optimizer or now.recipe.compressed != then.recipe.compressed


def _same_model(explained: Explained, decision: Decision) -> bool:
    """Tell whether both deploy the same model, whose size and latency no optimizer changes."""
    now, then = explained.decision.recipe, decision.recipe
    return now.compressed is None and then.compressed is None and _model_of(now) == _model_of(then)


def _model_of(recipe: FeasibleRecipe) -> dict[str, Any]:
    params = recipe.record.params if recipe.record else {}
    return {key: value for key, value in params.items() if key.startswith("model")}


def _instead(explained: Explained, decision: Decision) -> Instead:
    """Name what would be advised, and how it compares with the recommended one where both were measured."""
    evidence, advised, recipe = explained.evidence, explained.advised, decision.recipe
    uncompressed = decision.optimizer == advised.optimizer and not recipe.compressed
    pair = paired(recipe, explained.decision.recipe)
    return Instead(
        optimizer=decision.optimizer,
        name="the uncompressed model" if uncompressed else recipe.full_name,
        metric=evidence.metric,
        direction=evidence.direction,
        quality=pair.quality if pair else None,
        advised_quality=pair.advised_quality if pair else None,
        one_run=explained.confirmed(advised.optimizer) and not recipe.confirmed,
        one_seed=pair is not None
        and len(pair.trials) == 1
        and explained.confirmed(advised.optimizer)
        and recipe.confirmed,
    )


def _under(explained: Explained, decide: Decide, limit: str, value: float | None) -> Decision | None:
    bound: Any = None if value is None else max(1, int(value)) if limit.endswith("bytes") else value
    evidence = explained.evidence
    return decide(replace(evidence, limits=replace(evidence.limits, **{limit: bound})))


def _goals(explained: Explained, decide: Decide) -> Iterator[Statement]:
    instead: dict[str, list[str]] = {}
    for goal in GOALS:
        decision = decide(replace(explained.evidence, goal=goal))
        if (
            goal != explained.evidence.goal
            and decision
            and decision.optimizer != explained.decision.optimizer
        ):
            instead.setdefault(decision.optimizer, []).append(goal)
    for name, goals in instead.items():
        yield OtherGoals(subjects=(name,), goals=tuple(goals))
