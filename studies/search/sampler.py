"""Sampler: which recipes to try next, a pure function of the records and a seed.

An optimizer's learning rate is swept first, alone, since it matters most. Then Optuna's TPE proposes. It is
shown how each trial ranks *among trials of its own optimizer*, pooled over optimizers until this one has
enough of its own: so it learns early what is good for all of them (relative to each one's range) without
mistaking a good optimizer for good settings.
References: Bergstra et al. 2011; multivariate TPE: Falkner et al. 2018, arXiv 1807.01774.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from studies.coordinates import Point
from studies.direction import Direction
from studies.limits import Limits
from studies.plans.search_space import SearchSpace
from studies.recipe import Recipe
from studies.search.pruner import score

if TYPE_CHECKING:
    from studies.record import Record
    from studies.search.shown_trials import ShownTrial

    RankedTrial = tuple[float, ShownTrial]

SWEEP: Final = (0.35, -0.35, 0.6, -0.7)
"""First moves from the reference recipe, in units of the optimizer's lr range. Above the default first:
runs of a few thousand steps want more than the defaults, which are made for long ones (six small tasks:
the loss 4 % lower a third of the way up, 20 % higher a third down, `python -m benchmarks.lr_starts`). Too
large a rate costs more than too small a one, but ends early."""
POOLED_BELOW: Final = 12
"""Trials of an optimizer below which it is modelled together with the others."""
NO_LIMITS: Final = Limits()
SEED_STRIDE: Final = 100_003


def sample_recipes(
    space: SearchSpace,
    records: Sequence[Record],
    optimizer: str,
    *,
    count: int,
    seed: int,
    direction: Direction,
    limits: Limits = NO_LIMITS,
) -> list[Recipe]:
    """Sample the next recipes to try with an optimizer.

    Args:
        space: what may be tried.
        records: every trial so far.
        optimizer: which one to sample for.
        count: how many recipes.
        seed: the study's; the same records and seed give the same recipes.
        direction: maximize | minimize the metric.
        limits: a whole run that breaks one stands behind all that keep them.
    """
    choice = next(choice for choice in space.optimizers if choice.name() == optimizer)
    tried = [record for record in records if record.optimizer == optimizer and record.stage == "race"]
    reference = space.point(space.reference(choice))
    swept: list[Point] = [
        reference | {"optimizer.lr": unit} | _compression_of_sweep(space, space.reference(choice), place)
        for place, unit in list(enumerate(SWEEP))[len(tried) : len(tried) + count]
    ]
    sampled: list[Point] = []
    if len(swept) < count:
        trials = _ranked_trials(space, _shown(records, optimizer), direction, limits)
        draw_seed = seed + SEED_STRIDE * (1 + len(records))
        sampled = _sample_points(space, trials, optimizer, count=count - len(swept), seed=draw_seed)
    return [space.recipe(point) for point in [*swept, *sampled]]


def _compression_of_sweep(space: SearchSpace, reference: Recipe, place: int) -> Point:
    """Return how a sweep's trial is compressed, when that is searched along: another way at each place."""
    if space.compression is None:
        return {}
    from studies.compression.candidates import first_recipes

    recipes = first_recipes(space.compression, reference)
    return space.compression.point(recipes[place % len(recipes)])


def _shown(records: Iterable[Record], optimizer: str) -> list[Record]:
    """Return the records that TPE is shown: an optimizer's alone once they are enough, else all."""
    searched = [record for record in records if record.searched]
    of_optimizer = [record for record in searched if record.optimizer == optimizer]
    return of_optimizer if len(of_optimizer) >= POOLED_BELOW else searched


def _sample_points(
    space: SearchSpace, trials: Sequence[RankedTrial], optimizer: str, *, count: int, seed: int
) -> list[Point]:
    """Return points of an optimizer from Optuna's TPE, which is shown some trials."""
    from studies.search.shown_trials import proposals

    points = proposals(trials, space.free_distributions, count=count, seed=seed)
    return [point | {"optimizer": optimizer} for point in points]


def _ranked_trials(
    space: SearchSpace, records: Iterable[Record], direction: Direction, limits: Limits
) -> list[RankedTrial]:
    """Return trials with their rank among those of the same optimizer, 0 for the best.

    Ranks are shares of the trials: that of the worst stays below 1.
    """
    by_optimizer: dict[str, list[Record]] = {}
    for record in records:
        by_optimizer.setdefault(record.optimizer, []).append(record)
    trials: list[RankedTrial] = []
    for group in by_optimizer.values():
        ranked = sorted(group, key=lambda record: (*_rank_key(record, direction, limits), record.number))
        trials += [(rank / len(ranked), _shown_trial(space, record)) for rank, record in enumerate(ranked)]
    return trials


def _shown_trial(space: SearchSpace, record: Record) -> ShownTrial:
    """Return a record as TPE is shown it; it depends on the record alone, and is made once."""
    from studies.search.shown_trials import shown_trial

    remembered, trial = space.shown.get(id(record), (None, None))
    if trial is None or remembered is not record:
        trial = shown_trial(space.point(Recipe.from_params(record.params)), space.free_distributions)
        space.shown[id(record)] = record, trial
    return trial


def _rank_key(record: Record, direction: Direction, limits: Limits) -> tuple[float, ...]:
    """Return a key that sorts trials from good to bad.

    Whole runs within the limits, those beyond by how much, pruned ones by how far they came, then the
    infeasible.
    """
    tier = {"complete": 0.0, "pruned": 1.0}.get(record.state, 2.0)
    over = max(limits.broken_by(record).values(), default=0.0) if tier == 0 else -float(record.epochs)
    metric, loss = score(record.curve, record.epochs, direction) or (math.inf, math.inf)
    if record.footprint is not None and record.quality is not None:  # judged by the file that was deployed
        metric = direction.loss(record.quality)
    return (tier, over, metric, loss)
