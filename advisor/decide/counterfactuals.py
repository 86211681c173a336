"""Counterfactuals: other limits or goals (decided again), more seeds or trials, wider ranges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from advisor.contender import Contender
from advisor.decide.decision import CLEARLY, Decision, Explained
from advisor.decide.feasible import FeasibleRecipe
from advisor.decide.paired import paired_qualities
from advisor.evidence import Evidence
from advisor.goals import GOALS
from advisor.report.numbers import difference, listed, ratio, written
from studies.limits import LIMITED_COST

MOST_SEEDS: Final = 30
"""Seeds beyond which telling two optimizers apart is not worth it."""
TIMED: Final = 0.7
"""Share of a measured time below which another one is clearly less: times of equal work differ by a quarter
from run to run."""
CONFIDENT: Final = 1.645
"""Standard deviations that a normal number stays below in 95 % of cases."""

Decide = Callable[[Evidence], Decision | None]


def would_change(explained: Explained, decide: Decide) -> tuple[str, ...]:
    """Return what would change the answer, each a short clause; `decide` answers under other limits."""
    parts = (
        _without_whole_run(explained),
        _separating(explained),
        _edges(explained),
        _beaten_since(explained),
        _limits(explained, decide),
        _goals(explained, decide),
    )
    changes = tuple(change for part in parts for change in part)
    return changes or ("Other data, another model or another metric; no limit, goal or seed in sight would.",)


def _without_whole_run(explained: Explained) -> Iterator[str]:
    if explained.advised.quality is None:
        if explained.evidence.records:
            yield "A whole run: every trial so far ended before it had one, and their records say why."
        else:
            yield "Any trial: a search of a few minutes outweighs everything that is said here."
        return
    idle = [other.optimizer for other in explained.others if other.quality is None]
    if idle:
        yield f"Whole runs of {listed(idle)}: {'it has' if len(idle) == 1 else 'they have'} none yet."


def _separating(explained: Explained) -> Iterator[str]:
    """Say how many seeds would tell the best two apart, or that there is no point."""
    advised, rival = explained.advised, explained.rival
    if rival is None or advised.quality is None or explained.decision.label == "decided":
        return
    names = f"{advised.optimizer} and {rival.optimizer}"
    estimates = explained.posterior.estimates
    left, right = estimates.by_optimizer.get(advised.optimizer), estimates.by_optimizer.get(rival.optimizer)
    if left is None or right is None or not (left.confirmed and right.confirmed):
        luck = "what separates them now may be the luck of one seed"
        yield f"Fresh seeds for the best recipes of {names}: {luck}."
        return
    apart, rows = abs(left.gap - right.gap), explained.evidence.valid_rows
    if math.sqrt(2) * CONFIDENT * estimates.row_sd > apart and rows:
        luck = f"a difference of {ratio(apart)} between {names} may be luck, whatever the number of seeds"
        yield f"More validation rows than {rows}: on these {luck}."
        return
    yield from _more_seeds(explained, advised, names, apart)


def _more_seeds(explained: Explained, advised: Contender, names: str, apart: float) -> Iterator[str]:
    """Say how many seeds tell a gap of `apart` from luck, or that too many would be needed."""
    seed_sd, now = explained.posterior.estimates.seed_sd, len(advised.trials)
    wanted = math.ceil(2 * (CONFIDENT * seed_sd / apart) ** 2) if apart > 0 else MOST_SEEDS + 1
    if wanted > MOST_SEEDS:
        distance = f"they are {ratio(apart)} apart where seeds spread by {ratio(seed_sd)}"
        yield f"Hardly anything between {names}: {distance}."
    elif wanted > now:
        effect = f"they would tell a difference of {ratio(apart)} from luck"
        yield f"About {wanted} seeds each (now {now}) for {names}: {effect}."
    elif idle := [other.optimizer for other in explained.others if not explained.confirmed(other.optimizer)]:
        yield f"Confirming {listed(idle)} too: only {names} were run with fresh seeds."


def _edges(explained: Explained) -> Iterator[str]:
    for name, estimate in sorted(explained.posterior.estimates.by_optimizer.items()):
        if estimate.at_edge and name in explained.decision.fits:
            yield f"A wider range for the learning rate of {name}: its best recipe lies on the end of it."


def _beaten_since(explained: Explained) -> Iterator[str]:
    """Point at a search trial that has beaten the confirmed one since."""
    recipe, evidence = explained.decision.recipe.training, explained.evidence
    if not recipe.confirmed or recipe.record is None or recipe.record.quality is None:
        return
    fitting = (run for run in evidence.complete(recipe.optimizer) if not evidence.limits.broken_by(run))
    best = min(fitting, key=lambda run: evidence.direction.loss(run.quality), default=None)
    if best is not None and evidence.direction.better(best.quality, recipe.record.quality):
        beaten = f"the confirmed trial {recipe.record.number}"
        yield f"Confirming trial {best.number}, which beat {beaten} in the search."


def _limits(explained: Explained, decide: Decide) -> Iterator[str]:
    if not explained.evidence.records:
        return  # a tighter limit lets others enter: who would win among them is not known here
    for limit, cost in LIMITED_COST.items():
        allowed = getattr(explained.evidence.limits, limit)
        spent = explained.decision.recipe.costs[cost.field]
        if allowed is not None and (looser := _under(explained, decide, limit, None)):
            need = looser.recipe.costs[cost.field]
            if _differs(explained, looser) and need is not None and need > allowed:
                instead, now = _instead(explained, looser), f"{cost.flag}, now {written(cost, allowed)}"
                yield f"A limit on {cost.limited} of {written(cost, need)} or more ({now}): {instead}."
        bound = (spent or 0) * (TIMED if cost.in_seconds else CLEARLY)
        tighter = _under(explained, decide, limit, bound) if spent else None
        same_model = cost.of_model and tighter is not None and _same_model(explained, tighter)
        if tighter and _differs(explained, tighter) and not same_model:
            flips = f"of {written(cost, bound)}" if cost.in_seconds else f"below {written(cost, spent or 0)}"
            yield f"A limit on {cost.limited} {flips} ({cost.flag}): {_instead(explained, tighter)}."


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


def _instead(explained: Explained, decision: Decision) -> str:
    """Name what would be advised, and what quality it has against the recommended one's."""
    evidence, advised, recipe = explained.evidence, explained.advised, decision.recipe
    uncompressed = decision.optimizer == advised.optimizer and not recipe.compressed
    named = "the uncompressed model" if uncompressed else recipe.full_name
    now = explained.decision.recipe
    pair = paired_qualities(now, recipe)
    if pair is None:
        return f"{named} instead"
    apart = difference(evidence.metric, evidence.direction, pair.second, pair.first)
    if now.compressed or recipe.compressed:
        return f"{named} instead, {apart}{' (one seed)' if pair.seeds == 1 else ''}"
    confirmed = recipe.confirmed or not explained.confirmed(advised.optimizer)
    return f"{named} instead, {apart}{'' if confirmed else ' in its best trial (not confirmed)'}"


def _under(explained: Explained, decide: Decide, limit: str, value: float | None) -> Decision | None:
    bound: Any = None if value is None else max(1, int(value)) if limit.endswith("bytes") else value
    evidence = explained.evidence
    return decide(replace(evidence, limits=replace(evidence.limits, **{limit: bound})))


def _goals(explained: Explained, decide: Decide) -> Iterator[str]:
    instead: dict[str, list[str]] = {}
    for goal in GOALS:
        decision = decide(replace(explained.evidence, goal=goal))
        if (
            goal != explained.evidence.goal
            and decision
            and decision.optimizer != explained.decision.optimizer
        ):
            instead.setdefault(decision.optimizer, []).append(f"'{goal}'")
    for name, goals in instead.items():
        yield f"The goal {listed(goals, 'or')} (--goal): {name} instead."
