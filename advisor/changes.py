"""What would change the answer: other limits or goals (decided again), more seeds or trials, wider ranges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from advisor.evidence import Evidence, has_quality
from advisor.goals import GOALS
from advisor.reasons import CLEARLY, Case
from advisor.wording import difference, listed, ratio, written
from studies.limits import LIMITED_COST

if TYPE_CHECKING:
    from advisor.recommend import Verdict

MOST_SEEDS: Final = 30
"""Seeds beyond which telling two optimizers apart is not worth it."""
TIMED: Final = 0.7
"""Share of a measured time below which another one is clearly less: times of equal work differ by a quarter from run to run."""
CONFIDENT: Final = 1.645
"""Standard deviations that a normal number stays below in 95 % of cases."""

Decide = Callable[[Evidence], "Verdict | None"]


def would_change(case: Case, decide: Decide) -> tuple[str, ...]:
    """Return what would change the answer, each a short clause; `decide` answers under other limits or another goal."""
    parts = (_untried(case), _separating(case), _edges(case), _newer(case), _limits(case, decide), _goals(case, decide))
    found = tuple(sentence for part in parts for sentence in part)
    return found or ("Other data, another model or another metric; no limit, goal or seed in sight would.",)


def _untried(case: Case) -> Iterator[str]:
    if case.mine.quality is None:
        if case.evidence.records:
            yield "A whole run: every trial so far ended before it had one, and their records say why."
        else:
            yield "Any trial: a search of a few minutes outweighs everything that is said here."
        return
    idle = [one.optimizer for one in case.others if one.quality is None]
    if idle:
        yield f"Whole runs of {listed(idle)}: {'it has' if len(idle) == 1 else 'they have'} none yet."


def _separating(case: Case) -> Iterator[str]:
    """Say how many seeds would tell the best two apart, or that there is no point."""
    rival = next((one for one in case.others if one.quality is not None), None)
    if rival is None or case.mine.quality is None or case.advice.label == "decided":
        return
    names = f"{case.mine.optimizer} and {rival.optimizer}"
    seen = case.held.estimates
    mine, other = seen.by_optimizer.get(case.mine.optimizer), seen.by_optimizer.get(rival.optimizer)
    if mine is None or other is None or not (mine.confirmed and other.confirmed):
        yield f"Fresh seeds for the best recipes of {names}: what separates them now may be the luck of one seed."
        return
    apart = abs(mine.gap - other.gap)
    if math.sqrt(2) * CONFIDENT * seen.row_sd > apart and case.evidence.valid_rows:
        rows = f"More validation rows than {case.evidence.valid_rows}"
        yield f"{rows}: on these a difference of {ratio(apart)} between {names} may be luck, whatever the number of seeds."
        return
    wanted = math.ceil(2 * (CONFIDENT * seen.seed_sd / apart) ** 2) if apart > 0 else MOST_SEEDS + 1
    if wanted > MOST_SEEDS:
        yield f"Hardly anything between {names}: they are {ratio(apart)} apart where seeds spread by {ratio(seen.seed_sd)}."
    elif wanted > len(case.mine.trials):
        now = len(case.mine.trials)
        yield f"About {wanted} seeds each (now {now}) for {names}: they would tell a difference of {ratio(apart)} from luck."
    elif idle := [one.optimizer for one in case.others if not case.confirmed(one.optimizer)]:
        yield f"Confirming {listed(idle)} too: only {names} were run with fresh seeds."


def _edges(case: Case) -> Iterator[str]:
    for name, estimate in sorted(case.held.estimates.by_optimizer.items()):
        if estimate.at_edge and name in case.verdict.fits:
            yield f"A wider range for the learning rate of {name}: its best recipe lies on the end of it."


def _newer(case: Case) -> Iterator[str]:
    """Point at a search trial that has beaten the confirmed one since."""
    option = case.verdict.fits[case.advice.optimizer].training
    if not option.confirmed or option.record is None or option.record.quality is None:
        return
    direction = case.evidence.direction
    fitting = (run for run in case.evidence.complete(option.optimizer) if not case.evidence.limits.broken_by(run))
    best = min(fitting, key=lambda run: direction.loss(run.quality), default=None)
    if best is not None and direction.better(best.quality, option.record.quality):
        yield f"Confirming trial {best.number}, which beat the confirmed trial {option.record.number} in the search."


def _limits(case: Case, decide: Decide) -> Iterator[str]:
    if not case.evidence.records:  # a tighter limit lets others enter: who would win among them is not known here
        return
    for limit, cost in LIMITED_COST.items():
        allowed, spent = getattr(case.evidence.limits, limit), case.advice.costs[cost.field]
        if allowed is not None and (looser := _under(case, decide, limit, None)):
            need = looser.fits[looser.optimizer].costs[cost.field]
            if _other(case, looser) and need is not None and need > allowed:
                instead, now = _instead(case, looser), f"{cost.flag}, now {written(cost, allowed)}"
                yield f"A limit on {cost.limited} of {written(cost, need)} or more ({now}): {instead}."
        bound = (spent or 0) * (TIMED if cost.in_seconds else CLEARLY)
        tighter = _under(case, decide, limit, bound) if spent else None
        if tighter and _other(case, tighter) and not (cost.of_model and _same_model(case, tighter)):
            flips = f"of {written(cost, bound)}" if cost.in_seconds else f"below {written(cost, spent or 0)}"
            yield f"A limit on {cost.limited} {flips} ({cost.flag}): {_instead(case, tighter)}."


def _other(case: Case, verdict: Verdict) -> bool:
    """Tell whether another optimizer is answered, or another way to make the same one's model small."""
    mine, other = case.verdict.fits[case.advice.optimizer], verdict.fits[verdict.optimizer]
    return verdict.optimizer != case.advice.optimizer or mine.shrunk != other.shrunk


def _same_model(case: Case, verdict: Verdict) -> bool:
    """Tell whether both deploy the same model, whose size and latency no optimizer changes."""
    options = (case.verdict.fits[case.advice.optimizer], verdict.fits[verdict.optimizer])
    built = [
        {key: value for key, value in (option.record.params if option.record else {}).items() if key.startswith("model")}
        for option in options
    ]
    return built[0] == built[1] and options[0].shrunk is None and options[1].shrunk is None


def _instead(case: Case, verdict: Verdict) -> str:
    """Name what would be advised, and what quality it has against the recommended one's."""
    option, mine = verdict.fits[verdict.optimizer], case.mine.quality
    named = "the uncompressed model" if verdict.optimizer == case.advice.optimizer and not option.shrunk else option.spoken
    values = [run.quality for run in option.runs if has_quality(run) and run.quality is not None]
    values = values or ([option.record.quality] if option.record and option.record.quality is not None else [])
    if mine is None or not values:
        return f"{named} instead"
    apart = difference(case.evidence.metric, case.evidence.direction, fmean(values), mine)
    unsure = " (one seed)" if option.shrunk else " in its best trial (not confirmed)"
    luck = "" if option.confirmed or not case.confirmed(case.mine.optimizer) else unsure
    return f"{named} instead, {apart}{luck}"


def _under(case: Case, decide: Decide, limit: str, value: float | None) -> Verdict | None:
    bound: Any = None if value is None else max(1, int(value)) if limit.endswith("bytes") else value
    return decide(replace(case.evidence, limits=replace(case.evidence.limits, **{limit: bound})))


def _goals(case: Case, decide: Decide) -> Iterator[str]:
    instead: dict[str, list[str]] = {}
    for goal in GOALS:
        verdict = decide(replace(case.evidence, goal=goal))
        if goal != case.evidence.goal and verdict and verdict.optimizer != case.advice.optimizer:
            instead.setdefault(verdict.optimizer, []).append(f"'{goal}'")
    for name, goals in instead.items():
        yield f"The goal {listed(goals, 'or')} (--goal): {name} instead."
