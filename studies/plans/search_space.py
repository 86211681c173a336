"""Search space: the recipes that a search may try, as a flat space, and the way to and fro."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from studies.attachment import Attachment
from studies.choice import Choice
from studies.coordinates import Point, coordinate, coordinates_of, named, neutral, read_at, values_at
from studies.models import ModelChoice
from studies.optimizers import OptimizerChoice
from studies.precisions import FLOAT32
from studies.recipe import Recipe
from studies.regularizers import RegularizerChoice
from studies.schedules import ScheduleChoice
from studies.schedules.constant import Constant
from studies.space import Numeric, OneOf, Range, ranges
from studies.wrappers import WrapperChoice

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from studies.compression.space import CompressionSpace
    from studies.record import Record

C = TypeVar("C", bound=Choice)


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """Search space: the recipes that a search may try."""

    optimizers: tuple[type[OptimizerChoice], ...]
    schedules: tuple[type[ScheduleChoice], ...]
    regularizers: tuple[type[RegularizerChoice], ...]
    wrappers: tuple[type[WrapperChoice], ...] = ()
    batch_size: Numeric
    largest_batches: Mapping[str, int] = field(default_factory=dict)
    """Most rows a step that fit in memory with the model as it is, by optimizer, where `batch_size` goes
    beyond."""
    model: ModelChoice
    epochs: int
    precision: str = FLOAT32
    compiled: bool = False
    measurements: int = 0
    """As `Recipe` has them: every recipe of a study the same."""
    rows: int = 1
    """Of the training set: the batch of optimizers that need it whole."""
    lr_scaling: bool = False
    """Whether the range of an optimizer's lr moves with the batch size, by the rule of its family."""
    search_model: bool = field(default=False)
    """Whether the model's own fields are searched."""
    compression: CompressionSpace | None = None
    """What may be done to the trained model, when that is searched along."""
    unread: tuple[str, ...] = ()
    """What a training function never looks at, as a plan says it: it is not searched."""

    @cached_property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Return Optuna's distribution of every coordinate."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution

        by_name: dict[str, BaseDistribution] = {
            "optimizer": CategoricalDistribution([choice.name() for choice in self.optimizers]),
            "schedule": CategoricalDistribution([choice.name() for choice in self.schedules]),
        }
        if self.batch_size.low < self.batch_size.high:
            by_name["batch_size"] = FloatDistribution(-1, 1)
        for choice in (*self.regularizers, *self.wrappers):
            by_name[f"{choice.axis}.{choice.name()}"] = CategoricalDistribution([False, True])
        for name, span in self._fields():
            by_name[name] = (
                CategoricalDistribution(span.options) if isinstance(span, OneOf) else FloatDistribution(-1, 1)
            )
        return by_name | (self.compression.distributions if self.compression else {})

    def recipe(self, point: Mapping[str, Any]) -> Recipe:
        """Return the recipe at a point."""
        optimizer = named(self.optimizers, point["optimizer"])
        model = replace(self.model, **values_at(type(self.model), point)) if self.search_model else self.model
        batch_size = self._batch_size(optimizer, point)
        recipe = Recipe(
            optimizer=read_at(optimizer, point, moved=self.moved_ranges(optimizer, batch_size)),
            schedule=self._schedule(optimizer, point),
            regularizers=_set(self.regularizers, point, optimizer),
            wrappers=_set(self.wrappers, point, optimizer),
            batch_size=batch_size,
            model=model,
            epochs=self.epochs,
            precision=self._precision(optimizer),
            compiled=self.compiled,
            measurements=self.measurements,
        )
        return self.compression.recipe(recipe, point) if self.compression else recipe

    def _places(self, recipe: Recipe, *others: Choice) -> Point:
        """Return where the fields of a recipe's optimizer lie, and those of other choices."""
        moved = self.moved_ranges(type(recipe.optimizer), recipe.batch_size)
        places = coordinates_of(recipe.optimizer, moved=moved)
        for choice in others:
            places |= coordinates_of(choice)
        return places

    def _schedule(self, optimizer: type[OptimizerChoice], point: Mapping[str, Any]) -> ScheduleChoice:
        if optimizer.own_schedule:
            return Constant()
        return read_at(named(self.schedules, point["schedule"]), point)

    def _batch_size(self, optimizer: type[OptimizerChoice], point: Mapping[str, Any]) -> int:
        if optimizer.full_batch:
            return self.rows
        rows = self.batch_size.from_unit(point.get("batch_size", 0.0))
        return int(rows) if self.search_model else self._fitting(optimizer, rows)

    def _fitting(self, optimizer: type[OptimizerChoice], rows: float) -> int:
        """Return the rows, or as many as fit in memory with the optimizer's plainest recipe."""
        return min(int(rows), self.largest_batches.get(optimizer.name(), int(rows)))

    def point(self, recipe: Recipe) -> Point:
        """Return the point of a recipe; values outside the searched range move to its end."""
        chosen = (*recipe.regularizers, *recipe.wrappers)
        on = {choice.name() for choice in chosen}
        point: Point = {name: neutral(span) for name, span in self._fields()}
        schedule = recipe.schedule if type(recipe.schedule) in self.schedules else self.schedules[0]()
        point |= {"optimizer": recipe.optimizer.name(), "schedule": schedule.name()}
        point |= {
            f"{choice.axis}.{choice.name()}": choice.name() in on
            for choice in (*self.regularizers, *self.wrappers)
        }
        model = [recipe.model] if self.search_model else []
        places = self._places(recipe, schedule, *chosen, *model)
        point |= {name: value for name, value in places.items() if name in point}
        if "batch_size" in self.distributions:
            point["batch_size"] = self.batch_size.to_unit(recipe.batch_size)
        return point | (self.compression.point(recipe) if self.compression else {})

    @cached_property
    def read_distributions(self) -> dict[str, BaseDistribution]:
        """Return those of what a training looks at, which optimizer it is among them."""
        axes = {key for key in self.unread if "." not in key}
        axes.discard("optimizer")  # single fields of it are named
        fields = {key for name in self.unread if "." in name for key in (name, _shared(name))}
        return {
            name: distribution
            for name, distribution in self.distributions.items()
            if name not in fields and name.partition(".")[0] not in axes
        }

    @cached_property
    def remembered(self) -> dict[Hashable, tuple[Record, Any]]:
        """What was worked out of records, by the identity of each: a search needs it again and again."""
        return {}

    def units(self, recipe: Recipe) -> dict[str, float]:
        """Return where each searched number of a recipe lies in its range: -1 and 1 are the ends."""
        places = self._places(recipe, recipe.schedule, *recipe.regularizers, *recipe.wrappers)
        units = {name: unit for name, unit in places.items() if isinstance(unit, float)}
        if "batch_size" in self.distributions:
            units["batch_size"] = self.batch_size.to_unit(recipe.batch_size)
        return units

    def moved_ranges(self, optimizer: type[OptimizerChoice], batch_size: int) -> dict[str, Range]:
        """Return the range of an optimizer's lr at a batch size, where that is not its own; else nothing."""
        span = ranges(optimizer).get("lr")
        if not self.lr_scaling or not isinstance(span, Numeric):
            return {}
        return {"lr": span.scaled(optimizer.lr_factor(batch_size))}

    def reference(self, optimizer: type[OptimizerChoice]) -> Recipe:
        """Return an optimizer's reference recipe: its defaults, the first schedule, no regularizer."""
        fitting = self._fitting(optimizer, self.batch_size.default)
        batch_size = self.rows if optimizer.full_batch else fitting
        moved = self.moved_ranges(optimizer, batch_size)
        return Recipe(
            optimizer=optimizer.from_fields({name: span.default for name, span in moved.items()}),
            schedule=Constant() if optimizer.own_schedule else self.schedules[0](),
            batch_size=batch_size,
            model=self.model,
            epochs=self.epochs,
            precision=self._precision(optimizer),
            compiled=self.compiled,
            measurements=self.measurements,
        )

    def _precision(self, optimizer: type[OptimizerChoice]) -> str:
        return FLOAT32 if optimizer.needs_closure else self.precision

    def _fields(self) -> Iterator[tuple[str, Range]]:
        models = (type(self.model),) if self.search_model else ()
        for choice in (*self.optimizers, *self.schedules, *self.regularizers, *self.wrappers, *models):
            for name, span in ranges(choice).items():
                yield coordinate(choice, name, span), span


def _shared(name: str) -> str:
    """Return the coordinate that optimizer.AdamW.beta1 shares with other optimizers."""
    axis, _, field_name = name.split(".")
    return f"{axis}.{field_name}"


def _set(
    offered: tuple[type[C], ...], point: Mapping[str, Any], optimizer: type[OptimizerChoice]
) -> tuple[C, ...]:
    on = (choice for choice in offered if point[f"{choice.axis}.{choice.name()}"])
    return tuple(
        read_at(choice, point)
        for choice in on
        if issubclass(choice, Attachment) and choice.pairs_with(optimizer)
    )
