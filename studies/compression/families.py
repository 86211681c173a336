"""Families of passes: one recipe of each comes first, then other settings of those that were worth it.

A family is a choice of each axis, whatever its settings: a pruning, a distillation, a fine-tuning, a
quantization.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies.compression.candidates import default_recipes, usual_of
from studies.compression.price import training_epochs
from studies.direction import Direction
from studies.pareto import pareto_front
from studies.recipe import COMPRESSION_AXES, Recipe

if TYPE_CHECKING:
    from studies.compression.space import CompressionSpace
    from studies.limits import Limits
    from studies.record import Record

Family = tuple[str, ...]


def family_recipes(space: CompressionSpace, trained: Recipe) -> tuple[Recipe, ...]:
    """Return the first recipe of each family: each choice of each axis, at the first setting it is tried in.

    What only trains again stands beside the usual pruning that makes zeros, what teaches beside the first
    student. Where no such pruning is offered, there is nothing to prune gradually.
    """
    plain, tune = trained.uncompressed, usual_of(space, "finetuning")
    firsts: dict[str, list[Any]] = {
        axis: [choice(**choice.variants[0]) for choice in choices[1:]] for axis, choices in space.axes.items()
    }
    zeros = [{"pruning": choice} for choice in firsts["pruning"] if not choice.structured][:1] or [{}]
    tunings = [choice for choice in firsts["finetuning"][1:] if zeros[0] or not choice.gradual]
    student: list[dict[str, Any]] = [{"model": model} for model in space.students[:1]] or [tune]
    changes: list[dict[str, Any]] = [
        *({"quantization": choice} for choice in firsts["quantization"] if not choice.aware),
        tune,
        *({"pruning": choice, **tune} for choice in firsts["pruning"]),
        *({"quantization": choice, **tune} for choice in firsts["quantization"] if choice.aware),
        *({**zeros[0], "finetuning": choice} for choice in tunings),
        *({**student[0], "distillation": choice} for choice in firsts["distillation"]),
    ]
    return tuple(dict.fromkeys(replace(plain, **change) for change in changes))


def family_of(recipe: Recipe, trained: Recipe) -> Family:
    """Return what tells the family of a recipe: its choices, without a quantization after training."""
    made = recipe.made_from
    names = [getattr(made, axis).name() for axis in COMPRESSION_AXES]
    return (*names, "student" if recipe.model != trained.model else "")


def shrinks(recipe: Recipe, trained: Recipe) -> bool:
    """Tell whether a recipe makes a model that computes less: fewer parts, or a student."""
    return recipe.pruning.structured or recipe.model != trained.model


def promising_families(
    records: Sequence[Record], trained: Recipe, direction: Direction, limits: Limits
) -> set[Family]:
    """Return the families on the front of quality, bytes and multiply-accumulates.

    It is the front of what keeps the limits, as far as anything does.
    """
    complete = [record for record in records if record.state == "complete"]
    fitting = [record for record in complete if not limits.broken_by(record)] or complete
    front = pareto_front(
        fitting,
        lambda record: (
            direction.loss(record.quality),
            float(record.model_bytes or 1),
            float(record.macs or 1),
        ),
    )
    return {family_of(Recipe.from_params(record.params), trained) for record in front}


def further_recipes(
    space: CompressionSpace, trained: Recipe, records: Sequence[Record], families: Iterable[Family]
) -> list[Recipe]:
    """Return the defaults that were not tried yet, those of the given families first, the cheaper ones first.

    Args:
        space: what may be tried.
        trained: what the model was trained with.
        records: compressions of that model so far.
        families: those that were worth it.
    """
    made, promising = {Recipe.from_params(record.params).made_from for record in records}, set(families)
    left = [recipe for recipe in default_recipes(space, trained) if recipe.made_from not in made]
    return sorted(
        left,
        key=lambda recipe: (family_of(recipe, trained) not in promising, training_epochs(recipe, trained)),
    )
