"""Which ways of making a model small are tried, and in which order: pure functions of what was tried.

Cheap ones first: quantizations after training cost an evaluation each, and every fine-tuned model gets them all for nothing. Then
one default of everything that needs training, beside the same training with nothing else done (its control). Then Optuna's
multi-objective TPE, quality against bytes against multiply-accumulates. These stand for latency: a timing is never the same
twice, and what is proposed must follow from the records and the seed.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from studies.compression.space import CompressionSpace
from studies.direction import Direction
from studies.pareto import front
from studies.proposals import SEED_STRIDE
from studies.recipe import Recipe

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from studies.limits import Limits
    from studies.quantization import QuantizationChoice
    from studies.record import Record

ASKED: Final = 20
"""Times the sampler is asked for a recipe that was not tried yet, before the search is held to be over."""


def afterwards(space: CompressionSpace) -> tuple[QuantizationChoice, ...]:
    """Return the quantizations that need no training: none first, the usual one second."""
    return tuple(way for way in _ways(space, "quantization") if not way.aware)


def carried(space: CompressionSpace, records: Iterable[Record], direction: Direction) -> tuple[QuantizationChoice, ...]:
    """Return the quantizations that are worth trying on models made from one that was quantized in every way already.

    Those that nothing beat in both quality and bytes there, those that compute in integers, and none at all.
    """
    plain = [record for record in records if record.state == "complete" and not record.train_seconds]
    held = front(plain, lambda record: (direction.loss(record.quality), float(record.model_bytes or 1)))
    wanted = {Recipe.from_params(record.params).quantization for record in held}
    ways = afterwards(space)
    return tuple(way for way in ways if not plain or way in wanted or way.integer or way == ways[0])


def _ways(space: CompressionSpace, axis: str) -> Iterator[Any]:
    """Yield every choice of an axis that is tried by default, some in several settings."""
    for choice in space.axes[axis]:
        for fields in choice.variants:
            yield choice(**fields)


def standard(space: CompressionSpace, trained: Recipe) -> tuple[Recipe, ...]:
    """Return one default of everything that trains, the control first: fine-tuning and nothing else."""
    plain = trained.uncompressed
    tune = {axis: choices[1]() for axis, choices in space.axes.items() if axis == "finetuning" and len(choices) > 1}
    teach = {axis: choices[1]() for axis, choices in space.axes.items() if axis == "distillation" and len(choices) > 1}
    changes: list[dict[str, Any]] = [
        tune,
        *({"pruning": way, **tune} for way in _ways(space, "pruning") if way.name() != "none"),
        *({"model": student, **taught} for student in space.students for taught in ({}, teach)),
        *({"quantization": way, **tune} for way in _ways(space, "quantization") if way.aware),
    ]
    return tuple(dict.fromkeys(replace(plain, **change) for change in changes))


def moves(space: CompressionSpace, trained: Recipe) -> tuple[Recipe, ...]:
    """Return what to try first when training is searched along: quantizations afterwards, then one default of the rest."""
    plain = trained.uncompressed
    cheap = (replace(plain, quantization=way) for way in afterwards(space)[1:])
    return tuple(cheap) + tuple(recipe for recipe in standard(space, trained) if recipe.model == trained.model)


def control(recipe: Recipe, trained: Recipe) -> Recipe | None:
    """Return the same fine-tuning with nothing else done to the model; None for a recipe without one."""
    if recipe.finetuning.recipe(recipe) is None:
        return None
    return replace(trained.uncompressed, finetuning=recipe.finetuning)


def propose(
    space: CompressionSpace, trained: Recipe, records: Sequence[Record], *, direction: Direction, limits: Limits, seed: int
) -> Recipe | None:
    """Return the next recipe to try on a model that was trained so; None when nothing new comes to mind.

    Args:
        space: what may be tried.
        trained: what the model was trained with.
        records: compressions of models of the same optimizer so far.
        direction: maximize | minimize the metric.
        limits: what breaks one is no use, and the sampler is told by how much.
        seed: the study's; the same records and seed give the same recipe.
    """
    import optuna

    tried = {Recipe.from_params(record.params).made_from for record in records}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        fresh = (seed + SEED_STRIDE * (1 + len(records))) % 2**32
        sampler = optuna.samplers.TPESampler(seed=fresh, multivariate=True, n_startup_trials=5)
        study = optuna.create_study(directions=["minimize"] * 3, sampler=sampler)
        study.add_trials([_told(space, record, direction, limits) for record in records if record.state == "complete"])
        for _ in range(ASKED):
            trial = study.ask(space.distributions)
            recipe = space.recipe(trained, trial.params)
            if recipe.made_from not in tried and (recipe.quantization.aware or recipe.made_from != trained.uncompressed):
                return recipe
    return None


def _told(space: CompressionSpace, record: Record, direction: Direction, limits: Limits) -> FrozenTrial:
    from optuna.trial import create_trial

    values = [direction.loss(record.quality), *(math.log(max(cost, 1e-12)) for cost in _costs(record))]
    over = max(limits.broken_by(record).values(), default=1.0) - 1
    params = space.point(Recipe.from_params(record.params))
    return create_trial(values=values, params=params, distributions=dict(space.distributions), constraints={"limits": over})


def _costs(record: Record) -> tuple[float, float]:
    """Return bytes and multiply-accumulates: unlike a timing, the same whenever they are measured."""
    return float(record.model_bytes or 1), float(record.macs or 1)


def best(records: Iterable[Record], direction: Direction) -> list[Record]:
    """Return the records that no other beats in quality, bytes and multiply-accumulates, best quality first."""
    whole = [record for record in records if record.state == "complete" and record.quality is not None]
    kept = front(whole, lambda record: (direction.loss(record.quality), *_costs(record)))
    return sorted(kept, key=lambda record: (direction.loss(record.quality), record.number))
