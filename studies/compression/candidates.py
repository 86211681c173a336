"""Compression candidates: what is tried before a sampler proposes anything.

Quantizations after training cost an evaluation each. Everything that trains has one default or more, beside
the same training with nothing else done (its control).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies.direction import Direction
from studies.pareto import pareto_front
from studies.recipe import Recipe

if TYPE_CHECKING:
    from studies.compression.space import CompressionSpace
    from studies.limits import Limits
    from studies.quantization import QuantizationChoice
    from studies.record import Record


def post_training_quantizations(space: CompressionSpace) -> tuple[QuantizationChoice, ...]:
    """Return the quantizations that need no training: none first, the usual one second."""
    return tuple(choice for choice in _variants(space, "quantization") if not choice.aware)


def usual_quantizations(space: CompressionSpace) -> tuple[QuantizationChoice, ...]:
    """Return the usual quantization and none at all, which every finalist's model is deployed in first."""
    plain, *others = post_training_quantizations(space)
    return (*others[:1], plain)


def promising_quantizations(
    space: CompressionSpace, records: Iterable[Record], direction: Direction, limits: Limits
) -> tuple[QuantizationChoice, ...]:
    """Return the quantizations worth trying on models made from one that was quantized already, best first.

    Those that nothing beat in both quality and bytes there: first those that keep the limits, the better ones
    first, and the smaller of equals. The usual one where none was tried.

    Args:
        space: what may be tried.
        records: compressions of that model.
        direction: maximize | minimize the metric.
        limits: to be met.
    """
    quantized = {
        Recipe.from_params(record.params).quantization: record
        for record in records
        if record.state == "complete" and not record.train_seconds
    }
    choices = [choice for choice in post_training_quantizations(space)[1:] if choice in quantized]
    scores = {
        choice: (direction.loss(record.quality), float(record.model_bytes or 1))
        for choice, record in quantized.items()
    }
    front = pareto_front(choices, lambda choice: scores[choice])
    ranked = sorted(front, key=lambda choice: (bool(limits.broken_by(quantized[choice])), scores[choice]))
    return tuple(ranked) or usual_quantizations(space)[:1]


def _variants(space: CompressionSpace, axis: str) -> Iterator[Any]:
    """Yield every choice of an axis that is tried by default, some in several settings."""
    for choice in space.axes[axis]:
        for fields in choice.variants:
            yield choice(**fields)


def default_recipes(space: CompressionSpace, trained: Recipe) -> tuple[Recipe, ...]:
    """Return one default of everything that trains, the control first: fine-tuning and nothing else."""
    plain, tune = trained.uncompressed, usual_of(space, "finetuning")
    teach = usual_of(space, "distillation")
    changes: list[dict[str, Any]] = [
        tune,
        *({"pruning": choice, **tune} for choice in _variants(space, "pruning") if choice.name() != "none"),
        *({"model": student, **taught} for student in space.students for taught in ({}, teach)),
        *({"quantization": choice, **tune} for choice in _variants(space, "quantization") if choice.aware),
    ]
    return tuple(dict.fromkeys(replace(plain, **change) for change in changes))


def usual_of(space: CompressionSpace, axis: str) -> dict[str, Any]:
    """Return the usual choice of an axis at its defaults, by the axis; nothing where none is offered."""
    usual = space.axes[axis][1:2]
    return {axis: usual[0]()} if usual else {}


def first_recipes(space: CompressionSpace, trained: Recipe) -> tuple[Recipe, ...]:
    """Return what to try first when training is searched along.

    Quantizations after training, then one default of everything else.
    """
    plain = trained.uncompressed
    cheap = (replace(plain, quantization=choice) for choice in post_training_quantizations(space)[1:])
    return tuple(cheap) + tuple(
        recipe for recipe in default_recipes(space, trained) if recipe.model == trained.model
    )


def control(recipe: Recipe, trained: Recipe) -> Recipe | None:
    """Return the same fine-tuning with nothing else done to the model; None for a recipe without one."""
    if recipe.finetuning.retraining() is None:
        return None
    return replace(trained.uncompressed, finetuning=recipe.finetuning)
