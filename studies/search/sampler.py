"""Sampler: which recipes to try next, a pure function of the records and a seed.

An optimizer's rate is moved first, where no start says more. Then a Gaussian process of all trials says where
most is to be expected of a new one. It is told how each trial ranks *among trials of its own optimizer*, and
which optimizer that is: so it learns early what is good for all of them (relative to each one's range)
without mistaking a good optimizer for good settings. One proposal in five is drawn anywhere.
References: expected improvement, Jones et al. 1998; ranks as values, Salinas et al. 2020, arXiv 1909.13595.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, TypeVar, cast

from studies.coordinates import Point, named
from studies.direction import Direction
from studies.limits import Limits
from studies.plans.search_space import SearchSpace
from studies.recipe import Recipe
from studies.search.pruner import score

if TYPE_CHECKING:
    from studies.proposals.flat_space import Array, FlatSpace
    from studies.record import Record

T = TypeVar("T")

FIRST_MOVES: Final = (0.6, 0.35)
"""Moves from the reference recipe, in units of the optimizer's lr range, of an optimizer that nothing else
was started for. Upwards, as the defaults are made for longer runs: of 118 trials each, a third of the way up
was the best so far in 32, and then .6 in 53; none of the moves down was."""
NO_LIMITS: Final = Limits()
SEED_STRIDE: Final = 100_003
FAR_SHARE: Final = 0.2
"""Share of proposals that are drawn anywhere, whatever is expected of them: of each by lot."""
FEWEST: Final = 4
"""Trials before which all are drawn anywhere: a model of fewer says nothing."""


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
    from studies.proposals.flat_space import FlatSpace
    from studies.proposals.improvement import propose

    flat = FlatSpace(space=space, optimizer=optimizer)
    searched = [record for record in records if record.searched]
    tried = sum(record.optimizer == optimizer and record.stage == "race" for record in searched)
    moves = _first_moves(flat, searched, optimizer)[tried : tried + count]
    rows = moves + propose(
        *_placed(flat, searched, direction, limits),
        flat,
        count=count - len(moves),
        far_share=FAR_SHARE if len(searched) >= FEWEST else 1.0,
        seed=seed + SEED_STRIDE * (1 + len(records)),
        due=moves,
    )
    points = [flat.point(row) for row in rows]
    return [
        space.recipe(point | _first_compression(space, optimizer, tried + place))
        for place, point in enumerate(points)
    ]


def _first_moves(flat: FlatSpace, records: Sequence[Record], optimizer: str) -> list[Array]:
    """Return where an optimizer's first trials lie: its rate moved alone, unless a start says more."""
    started = any(record.optimizer == optimizer and record.stage == "start" for record in records)
    if started or "optimizer.lr" not in flat.names:
        return []
    reference = flat.space.point(flat.space.reference(named(flat.space.optimizers, optimizer)))
    return [flat.row(reference | {"optimizer.lr": unit}) for unit in FIRST_MOVES]


def _first_compression(space: SearchSpace, optimizer: str, place: int) -> Point:
    """Return how an optimizer's first trials are compressed, if that is searched: each another way."""
    if space.compression is None:
        return {}
    from studies.compression.candidates import first_recipes

    reference = space.reference(named(space.optimizers, optimizer))
    recipes = first_recipes(space.compression, reference)
    return space.compression.point(recipes[place]) if place < len(recipes) else {}


def _placed(
    flat: FlatSpace, records: Sequence[Record], direction: Direction, limits: Limits
) -> tuple[Array, Array]:
    """Return where trials lie, (trials, coordinates), and what each is worth, (trials,), less for better."""
    import numpy as np

    space = flat.space
    places = [
        _remembered(space, record, "row", lambda record: flat.row(_point(space, record)))
        for record in records
    ]
    judged = direction, limits
    worth = _worth(
        records,
        lambda record: _remembered(space, record, judged, lambda record: _rank_key(record, *judged)),
    )
    return np.array(places).reshape(len(records), len(flat.names)), np.array(worth)


def _remembered(space: SearchSpace, record: Record, what: Hashable, work_out: Callable[[Record], T]) -> T:
    """Return what depends on a record and on what is asked of it alone; it is worked out once."""
    key = id(record), what
    remembered, value = space.remembered.get(key, (None, None))
    if remembered is not record:
        value = work_out(record)
        space.remembered[key] = record, value
    return cast("T", value)


def _point(space: SearchSpace, record: Record) -> Point:
    return space.point(Recipe.from_params(record.params))


def _worth(records: Sequence[Record], rank_key: Callable[[Record], tuple[float, ...]]) -> list[float]:
    """Return the ranks of trials among those of their optimizer, spread as a normal variable."""
    by_optimizer: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        by_optimizer.setdefault(record.optimizer, []).append(place)
    worth = [0.0] * len(records)
    for places in by_optimizer.values():
        best_first = sorted(places, key=lambda place: (*rank_key(records[place]), records[place].number))
        for rank, place in enumerate(best_first):
            worth[place] = NormalDist().inv_cdf((rank + 0.5) / len(places))
    return worth


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
