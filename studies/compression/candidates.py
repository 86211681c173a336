"""Compression candidates: what is tried before a sampler proposes anything, and in which order.

Cheap ones first: quantizations after training cost an evaluation each, and every fine-tuned model gets them
all for nothing. Then one default of everything that needs training, beside the same training with nothing
else done (its control).
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
    from studies.quantization import QuantizationChoice
    from studies.record import Record


def post_training_quantizations(space: CompressionSpace) -> tuple[QuantizationChoice, ...]:
    """Return the quantizations that need no training: none first, the usual one second."""
    return tuple(choice for choice in _variants(space, "quantization") if not choice.aware)


def promising_quantizations(
    space: CompressionSpace, records: Iterable[Record], direction: Direction
) -> tuple[QuantizationChoice, ...]:
    """Return the quantizations worth trying on models made from one that was quantized in every way already.

    Those that nothing beat in both quality and bytes there, those that compute in integers, and none at all.
    """
    plain = [record for record in records if record.state == "complete" and not record.train_seconds]
    front = pareto_front(
        plain, lambda record: (direction.loss(record.quality), float(record.model_bytes or 1))
    )
    on_front = {Recipe.from_params(record.params).quantization for record in front}
    choices = post_training_quantizations(space)
    return tuple(
        choice
        for choice in choices
        if not plain or choice in on_front or choice.integer or choice == choices[0]
    )


def _variants(space: CompressionSpace, axis: str) -> Iterator[Any]:
    """Yield every choice of an axis that is tried by default, some in several settings."""
    for choice in space.axes[axis]:
        for fields in choice.variants:
            yield choice(**fields)


def default_recipes(space: CompressionSpace, trained: Recipe) -> tuple[Recipe, ...]:
    """Return one default of everything that trains, the control first: fine-tuning and nothing else."""
    plain = trained.uncompressed
    tune = {
        axis: choices[1]()
        for axis, choices in space.axes.items()
        if axis == "finetuning" and len(choices) > 1
    }
    teach = {
        axis: choices[1]()
        for axis, choices in space.axes.items()
        if axis == "distillation" and len(choices) > 1
    }
    changes: list[dict[str, Any]] = [
        tune,
        *({"pruning": choice, **tune} for choice in _variants(space, "pruning") if choice.name() != "none"),
        *({"model": student, **taught} for student in space.students for taught in ({}, teach)),
        *({"quantization": choice, **tune} for choice in _variants(space, "quantization") if choice.aware),
    ]
    return tuple(dict.fromkeys(replace(plain, **change) for change in changes))


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
