"""Confirmation: recipes run again with fresh seeds and splits, the same for each, until the answer stands.

Sequential halving over seeds: the best recipes of the best optimizers get one fresh seed each; then those
that the evidence still asks for get one more, and so on. Whoever is out of contention gets no more; the
preferred one always gets the full number, and those that are still tied then may get further ones.

One seed picks the truly best of ten finalists half the time, three seeds in 86 % (measured with eight seeds
each on digits). Pairing the seeds takes the part of the noise that they share out of the comparison.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from studies.direction import Direction
from studies.limits import Limits
from studies.quantities import listed, several
from studies.record import Record
from studies.search.makespan import makespan
from studies.search.pruner import FINALISTS, best_complete, survivors

SEEDS: Final = 3
"""Fresh seeds that the preferred recipe gets, and its rivals while they may still win."""
MOST_SEEDS: Final = 6
"""Fresh seeds that those still tied are given at most: from 3 to 8 on the same rows changed nothing that
could be measured, and the sixth on rows of its own takes but a thirtieth of one run's noise."""
MOST_RECIPES: Final = 2 * FINALISTS
"""Recipes that are confirmed after the race because they are tied, finalists included; the preferred one is
confirmed always."""
ATTEMPTS: Final = 2
"""Times that a run is tried at all when it fails."""
SHARE: Final = 0.4
"""Largest share of a budget in seconds that is kept back for confirmation."""
LEAST_SHARE: Final = 0.08
"""Smallest share: fresh splits have to be drawn and encoded, and what is left goes to further seeds."""
LIKELY: Final = 2
"""Finalists that are taken to stay in contention: on recorded tasks 7.1 and 7.4 runs were needed on average,
3 x 1 + 2 x 2, and 9 at most in nine searches of ten (`benchmarks.confirming`)."""
HEADROOM: Final = 1.2
"""Times what these runs take that is kept back: another optimizer may have to be confirmed. What does not fit
is left out, the preferred recipe's runs last."""
MUCH_DEARER: Final = 2.0
"""Times the cheapest run that is due from which a run waits until the cheaper ones have settled (judged)."""

Preference = Callable[[Sequence[Record]], Sequence[int]]
"""Of the trials so far: the numbers of those whose recipes are in question, the preferred one first, then
those that it is tied with as long as more runs can change that."""
CostSeconds = Callable[[Record], float]
"""What it takes of a budget to run a trial again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmationRun:
    """Confirmation run that is still to be done."""

    record: Record
    """The trial that is repeated."""
    seed: int


def first_runs(  # noqa: PLR0913 - what a budget and its workers can pay
    records: Sequence[Record],
    candidates: Sequence[str],
    direction: Direction,
    *,
    seed: int,
    seconds: float,
    limits: Limits | None = None,
    cost_seconds: CostSeconds = lambda record: record.took_seconds,
    workers: int = 1,
) -> list[ConfirmationRun]:
    """Return the runs with the first fresh seed that finalists still miss, the best finalist first.

    So many finalists as leave time to give the best one all its seeds, else two, else one.

    Args:
        records: every trial so far.
        candidates: optimizers in question.
        direction: maximize | minimize the metric.
        seed: the study's; confirmation uses the ones after it.
        seconds: what the runs may take.
        limits: a recipe that breaks one may not be used and need not be confirmed.
        cost_seconds: of running a trial again.
        workers: how many runs train at once.
    """
    best = best_recipes(records, candidates, direction, limits)
    costs = {record.number: cost_seconds(record) for record in best}
    for count in range(len(best), 0, -1):
        runs = _missing(records, best[:count], seed=seed, seeds=1)
        later = _missing(records, best[:1], seed=seed, seeds=SEEDS)[1:] if count > 2 else []
        if makespan([costs[run.record.number] for run in (*runs, *later)], workers) <= seconds:
            break
    return runs if best else []


def best_recipes(
    records: Sequence[Record], candidates: Sequence[str], direction: Direction, limits: Limits | None
) -> list[Record]:
    """Return the best search trial of each finalist, the best optimizer first."""
    return _best_of_optimizers(_fitting(records, limits), candidates, direction)


def further_runs(
    records: Sequence[Record],
    in_question: Sequence[int],
    *,
    seed: int,
    cost_seconds: CostSeconds = lambda record: 1.0,
) -> list[ConfirmationRun]:
    """Return the next runs that the answer waits for; none when no run that is allowed can change it.

    Those in question that have the fewest fresh seeds get one more, until each has the full number; the
    preferred one gets what it misses at once when nothing rivals it. What costs much more than another run
    that is due waits for its outcome. Then those that are tied get one more seed.

    Args:
        records: every trial so far.
        in_question: as a `Preference` says.
        seed: the study's.
        cost_seconds: of running a trial again; all alike where no time is counted.

    Returns:
        The runs, those of the preferred recipe first.
    """
    recipes = [record for number in in_question for record in records if record.number == number]
    allowed = _allowed(records, recipes)
    if len(allowed) == 1:
        return _missing(records, allowed, seed=seed, seeds=SEEDS)
    for seeds in range(1, SEEDS + 1):
        if runs := _missing(records, allowed, seed=seed, seeds=seeds):
            costs = [cost_seconds(run.record) for run in runs]
            pairs = zip(runs, costs, strict=True)
            return [run for run, seconds in pairs if seconds < MUCH_DEARER * min(costs)] or runs
    return _one_more_seed(records, allowed, seed=seed)


def _allowed(records: Sequence[Record], recipes: Sequence[Record]) -> list[Record]:
    """Return the recipes that may be run again: the preferred one, and no more new ones than allowed."""
    confirmed = _confirmed_since_race(records)
    new = [recipe for recipe in recipes if recipe.number not in confirmed]
    new_ones = new[: max(0, MOST_RECIPES - len(confirmed))]
    return [recipe for recipe in recipes if recipe is recipes[0] or recipe not in new or recipe in new_ones]


def _one_more_seed(records: Sequence[Record], tied: Sequence[Record], *, seed: int) -> list[ConfirmationRun]:
    """Return the runs that give those that are tied the same number of seeds, then one more each."""
    for seeds in range(SEEDS + 1, MOST_SEEDS + 1):
        if runs := _missing(records, tied, seed=seed, seeds=seeds):
            return runs
    return []


def reason(optimizers: Sequence[str], runs: Sequence[ConfirmationRun]) -> str:
    """Return why these runs come next, or why none does.

    Args:
        optimizers: those in question, the preferred one first.
        runs: what `further_runs` returned.
    """
    preferred, again = optimizers[0], list(dict.fromkeys(run.record.optimizer for run in runs))
    if not runs and len(optimizers) == 1:
        return f"{preferred} stays preferred, and more seeds would not put another first"
    if not runs:
        most = f"{MOST_SEEDS} fresh seeds of {MOST_RECIPES} recipes are the most there are"
        return f"{listed(optimizers)} stay tied, and {most}"
    if len(optimizers) == 1:
        return f"{preferred} with {several(len(runs), 'more seed')}, as no other may still win"
    if len(again) > 1:
        return f"{listed(again)} with one more seed, as each may still win"
    why = "the evidence prefers it so far" if again == [preferred] else f"it may still beat {preferred}"
    return f"{again[0]} with one more seed, as {why}"


def reserve_seconds(
    records: Sequence[Record],
    candidates: Sequence[str],
    direction: Direction,
    *,
    budget_seconds: float,
    cost_seconds: CostSeconds = lambda record: record.took_seconds,
    workers: int = 1,
) -> float:
    """Return the seconds to reserve for confirmation: what it is likely to take, at most a set share."""
    best = _best_of_optimizers(records, candidates, direction)
    costs = [cost_seconds(record) for record in best]
    likely = HEADROOM * makespan([*costs, *(SEEDS - 1) * costs[:LIKELY]], workers)
    return min(max(likely, LEAST_SHARE * budget_seconds), SHARE * budget_seconds) if best else 0.0


def best_confirmed(
    records: Sequence[Record], candidates: Sequence[str], direction: Direction, limits: Limits
) -> tuple[int, ...]:
    """Return the recipe of the best mean quality, and those that noise alone may put behind it.

    The plainest `Preference`: a rival has fewer than the full number of seeds, and the mean of its paired
    differences to the best one is within twice what all such differences leave open; with one seed each
    nothing is known of that.
    """
    runs_of_finalists = finalists(records, candidates, direction, limits)
    losses = [
        {run.seed: direction.loss(run.measured_quality) for run in runs if run.stage == "confirm"}
        for runs in runs_of_finalists
    ]
    differences = [[other[seed] - losses[0][seed] for seed in other if seed in losses[0]] for other in losses]
    spread = _pooled_spread(differences[1:])
    numbers = [runs[0].number if runs[0].source is None else runs[0].source for runs in runs_of_finalists]
    return tuple(
        number
        for place, (number, apart) in enumerate(zip(numbers, differences, strict=True))
        if place == 0 or (0 < len(apart) < SEEDS and fmean(apart) <= 2 * spread / math.sqrt(len(apart)))
    )


def _pooled_spread(samples: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation within samples, pooled; infinite while none has two values."""
    freedom = sum(max(len(sample) - 1, 0) for sample in samples)
    squares = sum((value - fmean(sample)) ** 2 for sample in samples for value in sample)
    return math.sqrt(squares / freedom) if freedom else math.inf


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
    fitting = _fitting(records, limits)
    runs_of_finalists = []
    for record in _best_of_optimizers(fitting, candidates, direction):
        whole = [run for run in fitting if run.state == "complete" and run.quality is not None]
        runs = [run for run in whole if run.stage == "confirm" and run.source == record.number]
        runs_of_finalists.append(tuple(sorted(runs, key=lambda run: run.number)) or (record,))

    def mean_loss(runs: Sequence[Record]) -> float:
        return direction.loss(fmean(run.measured_quality for run in runs))

    return tuple(sorted(runs_of_finalists, key=mean_loss))


def _fitting(records: Sequence[Record], limits: Limits | None) -> list[Record]:
    return [record for record in records if limits is None or not limits.broken_by(record)]


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


def _confirmed_since_race(records: Sequence[Record]) -> set[int | None]:
    """Return the trials that were run again since the last search trial."""
    last = max((record.number for record in records if record.searched), default=-1)
    return {record.source for record in records if record.stage == "confirm" and record.number > last}


def _missing(
    records: Sequence[Record], recipes: Sequence[Record], *, seed: int, seeds: int
) -> list[ConfirmationRun]:
    """Return the runs of some recipes with the first so many fresh seeds that have not ended yet."""
    runs = [ConfirmationRun(record=recipe, seed=seed + 1 + i) for i in range(seeds) for recipe in recipes]
    ended = _ended(records)
    return [run for run in runs if (run.record.number, run.seed) not in ended]


def _ended(records: Sequence[Record]) -> set[tuple[int | None, int]]:
    """Return trial and seed of each confirmation run that need not be tried again.

    A divergence is an answer; so is an exception that came again.
    """
    runs = [record for record in records if record.stage == "confirm"]
    failures = Counter((run.source, run.seed) for run in runs if run.state == "failed")
    answered = {(run.source, run.seed) for run in runs if run.state in {"complete", "infeasible"}}
    return answered | {pair for pair, count in failures.items() if count >= ATTEMPTS}
