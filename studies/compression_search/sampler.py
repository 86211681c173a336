"""Sampler of compressions: Optuna's multi-objective TPE over quality, bytes and multiply-accumulates.

The last stand for latency: a timing is never the same twice, and what is proposed must follow from the
records and the seed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from studies.compression.space import CompressionSpace
from studies.direction import Direction
from studies.recipe import Recipe
from studies.search.sampler import SEED_STRIDE

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from studies.limits import Limits
    from studies.record import Record

MOST_DRAWS: Final = 20
"""Draws without a recipe that was not tried yet after which the search is over."""


def sample_compression(
    space: CompressionSpace,
    trained: Recipe,
    records: Sequence[Record],
    *,
    direction: Direction,
    limits: Limits,
    seed: int,
    proposed: Sequence[Recipe] = (),
) -> Recipe | None:
    """Sample the next recipe to try on a model that was trained so; None when the space is exhausted.

    Args:
        space: what may be tried.
        trained: what the model was trained with.
        records: compressions of models of the same optimizer so far.
        direction: maximize | minimize the metric.
        limits: what breaks one is no use, and the sampler is told by how much.
        seed: the study's; the same records and seed give the same recipe.
        proposed: recipes that were proposed after the same records; nobody knows yet what they give.
    """
    import optuna

    complete = [
        record
        for record in records
        if record.state == "complete" and space.offers(Recipe.from_params(record.params))
    ]
    tried = {Recipe.from_params(record.params).made_from for record in records}
    tried |= {recipe.made_from for recipe in proposed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        draw_seed = (seed + SEED_STRIDE * (1 + len(records) + len(proposed))) % 2**32
        sampler = optuna.samplers.TPESampler(seed=draw_seed, multivariate=True, n_startup_trials=5)
        study = optuna.create_study(directions=["minimize"] * 3, sampler=sampler)
        study.add_trials([_frozen_trial(space, record, direction, limits) for record in complete])
        for _ in range(MOST_DRAWS):
            recipe = space.recipe(trained, study.ask(space.distributions).params)
            changes = recipe.quantization.aware or recipe.made_from != trained.uncompressed
            if changes and recipe.made_from not in tried:
                return recipe
    return None


def _frozen_trial(
    space: CompressionSpace, record: Record, direction: Direction, limits: Limits
) -> FrozenTrial:
    """Return a record as a trial that the sampler can be shown."""
    from optuna.trial import create_trial

    values = [direction.loss(record.quality), *(math.log(max(cost, 1e-12)) for cost in _costs(record))]
    over = max(limits.broken_by(record).values(), default=1.0) - 1
    params = space.point(Recipe.from_params(record.params))
    return create_trial(
        values=values, params=params, distributions=dict(space.distributions), constraints={"limits": over}
    )


def _costs(record: Record) -> tuple[float, float]:
    """Return bytes and multiply-accumulates: unlike a timing, the same whenever they are measured."""
    return float(record.model_bytes or 1), float(record.macs or 1)
