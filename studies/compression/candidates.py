"""Candidates: the ways of making a model small that are tried before a sampler proposes any, and in which order.

Cheap ones first: quantizations after training cost an evaluation each, and every fine-tuned model gets them all for nothing. Then
one default of everything that needs training, beside the same training with nothing else done (its control).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies.direction import Direction
from studies.pareto import front
from studies.recipe import Recipe

if TYPE_CHECKING:
    from studies.compression.space import CompressionSpace
    from studies.quantization import QuantizationChoice
    from studies.record import Record


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
    if recipe.finetuning.retraining() is None:
        return None
    return replace(trained.uncompressed, finetuning=recipe.finetuning)
