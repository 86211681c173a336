"""Compression space: the ways of making a model small that a search may try.

It is a flat space beside that of the training recipes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from studies import catalogue
from studies.choice import Choice
from studies.coordinates import Point, coordinate, coordinates_of, named, neutral, read_at
from studies.models import ModelChoice
from studies.recipe import COMPRESSION_AXES, Recipe
from studies.space import OneOf, Range, ranges

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

STUDENT: Final = "student"
OWN: Final = "own"
"""The student that is no student: the trained model itself."""


@dataclass(frozen=True, kw_only=True)
class CompressionSpace:
    """What may be done to a trained model."""

    axes: Mapping[str, tuple[type[Choice], ...]]
    """Choices by axis; the first of each is `none`, the second the usual one."""
    students: tuple[ModelChoice, ...] = ()
    """Other models that may be trained to answer as it does."""

    @classmethod
    def offered(
        cls, students: tuple[ModelChoice, ...] = (), passes: tuple[str, ...] = ()
    ) -> CompressionSpace:
        """Return the space of the passes that are named, or of everything that a search tries unasked.

        Fine-tuning is always in it: pruning, and training for a quantization, need it.
        """
        from studies.compression.passes import choices_named

        if not passes:
            return cls(axes={axis: _offered(axis) for axis in COMPRESSION_AXES}, students=students)
        chosen = choices_named(passes)
        axes = {axis: (_offered(axis)[0], *chosen[axis]) for axis in COMPRESSION_AXES}
        if not chosen["finetuning"]:
            axes["finetuning"] = _offered("finetuning")
        return cls(axes=axes, students=students if chosen["distillation"] else ())

    @cached_property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Return Optuna's distribution of every coordinate."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution

        by_name: dict[str, BaseDistribution] = {
            axis: CategoricalDistribution([choice.name() for choice in offered])
            for axis, offered in self.axes.items()
        }
        if self.students:
            by_name[STUDENT] = CategoricalDistribution([OWN, *self._named_students])
        for name, span in self._fields():
            by_name[name] = (
                CategoricalDistribution(span.options) if isinstance(span, OneOf) else FloatDistribution(-1, 1)
            )
        return by_name

    def recipe(self, trained: Recipe, point: Mapping[str, Any]) -> Recipe:
        """Return the recipe of a point for a model that was trained so, without what could have no effect."""
        chosen: dict[str, Any] = {
            axis: read_at(named(offered, point[axis]), point) for axis, offered in self.axes.items()
        }
        model = self._named_students.get(str(point.get(STUDENT, OWN)), trained.model)
        return sensible(replace(trained, model=model, **chosen), trained.model, self.axes["finetuning"])

    def point(self, recipe: Recipe) -> Point:
        """Return the point of a recipe."""
        point: Point = {name: neutral(span) for name, span in self._fields()}
        for axis in self.axes:
            choice: Choice = getattr(recipe, axis)
            point |= {axis: choice.name()} | {
                name: value for name, value in coordinates_of(choice).items() if name in point
            }
        if self.students:
            point[STUDENT] = next(
                (name for name, model in self._named_students.items() if model == recipe.model), OWN
            )
        return point

    def offers(self, recipe: Recipe) -> bool:
        """Tell whether every pass of a recipe is in the space."""
        return all(type(getattr(recipe, axis)) in offered for axis, offered in self.axes.items())

    @cached_property
    def _named_students(self) -> dict[str, ModelChoice]:
        return {f"{student.name()} {student.fields()}": student for student in self.students}

    def _fields(self) -> Iterator[tuple[str, Range]]:
        for choice in (choice for offered in self.axes.values() for choice in offered):
            for name, span in ranges(choice).items():
                yield coordinate(choice, name, span), span


def sensible(recipe: Recipe, trained_model: ModelChoice, finetuning: tuple[type[Choice], ...]) -> Recipe:
    """Return a recipe without what could have no effect, and with the fine-tuning that it needs."""
    needs = recipe.quantization.aware and recipe.finetuning.retraining() is None
    idle = recipe.finetuning.gradual and (
        recipe.pruning.structured or recipe.pruning == recipe.uncompressed.pruning
    )
    if (needs or idle) and len(finetuning) > 1:
        usual: Any = finetuning[1]()
        recipe = replace(recipe, finetuning=usual)
    trains = recipe.model != trained_model or recipe.finetuning.retraining() is not None
    return recipe if trains else replace(recipe, distillation=recipe.uncompressed.distillation)


def _offered(axis: str) -> tuple[type[Choice], ...]:
    """Return the choices of an axis that a search tries by default.

    `none` comes first, the usual one second, the others by name.
    """
    choices = [choice for choice in catalogue.choices(axis).values() if choice.offered]
    return tuple(
        sorted(choices, key=lambda choice: (choice.name() != "none", not choice.usual, choice.name()))
    )
