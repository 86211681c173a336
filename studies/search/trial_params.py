"""Params of a trial as Optuna keeps them: the real values of a recipe, under names that people read.

    optimizer  lr  batch_size  schedule  Cosine.floor  Dropout  Dropout.rate  width

The names are those of `studies.storage.param_names`. The learning rate has its own range on each optimizer,
and at each batch size where the plan says so; a field of any other choice is there when the choice is. The
search reads none of it back: it reads records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studies.choice import Choice, Scalar
from studies.compression.space import STUDENT, CompressionSpace
from studies.coordinates import UNMOVED
from studies.recipe import SET_AXES, Recipe
from studies.schedules.constant import Constant
from studies.space import Numeric, Range, ranges
from studies.storage.param_names import param_name
from studies.storage.trial_lines import TrialLine

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from studies.plans.search_space import SearchSpace


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialParam:
    """One param of a trial: its value, and what it was drawn from."""

    name: str
    key: str
    """In the flat form of a recipe."""
    value: Scalar
    distribution: BaseDistribution


def search_params(space: SearchSpace, recipe: Recipe, read: Mapping[str, Any]) -> tuple[TrialParam, ...]:
    """Return the params of a search trial or a confirmation run.

    Args:
        space: what the study may try.
        recipe: what was trained.
        read: the flat form, without what the training never looked at; the params leave it out too.
    """
    own_schedule = any(choice.own_schedule for choice in space.optimizers)
    schedules = [choice.name() for choice in space.schedules]
    params = [
        *_axis("optimizer", [choice.name() for choice in space.optimizers], recipe),
        *_fields(recipe.optimizer, space.moved_ranges(type(recipe.optimizer), recipe.batch_size)),
        _param("batch_size", "batch_size", space.batch_size, recipe.batch_size),
        *_axis("schedule", [*schedules, *([Constant.name()] if own_schedule else [])], recipe),
        *_fields(recipe.schedule),
        *_sets(space, recipe),
        *(_compression(space.compression, recipe) if space.compression else ()),
        *(_fields(recipe.model) if space.search_model else ()),
    ]
    return tuple(_distinct(param for param in params if param.key in read))


def params_line(params: Iterable[TrialParam], **facts: Any) -> TrialLine:
    """Return what Optuna is told of a trial with some params, beside what else is told of it."""
    params = tuple(params)
    return TrialLine(
        params={param.name: param.value for param in params},
        distributions={param.name: param.distribution for param in params},
        **facts,
    )


def compression_params(
    space: CompressionSpace, optimizers: tuple[str, ...], recipe: Recipe
) -> tuple[TrialParam, ...]:
    """Return the params of a compression trial: whose model it is, and what was done to it.

    Args:
        space: what may be done to a trained model.
        optimizers: those that may have trained it.
        recipe: what was done.
    """
    from optuna.distributions import CategoricalDistribution

    params = [*_axis("optimizer", optimizers, recipe), *_compression(space, recipe)]
    if space.students:
        distribution, student = space.distributions[STUDENT], space.point(recipe)[STUDENT]
        assert isinstance(distribution, CategoricalDistribution)  # noqa: S101 - for mypy
        params.append(TrialParam(name=STUDENT, key=STUDENT, value=student, distribution=distribution))
    return tuple(_distinct(params))


def _compression(space: CompressionSpace, recipe: Recipe) -> Iterator[TrialParam]:
    for axis, offered in space.axes.items():
        yield from _axis(axis, [choice.name() for choice in offered], recipe)
        yield from _fields(getattr(recipe, axis))


def _axis(axis: str, names: list[str] | tuple[str, ...], recipe: Recipe) -> Iterator[TrialParam]:
    """Yield which choice an axis has; a choice that the study does not offer could not be drawn."""
    from optuna.distributions import CategoricalDistribution

    name, offered = getattr(recipe, axis).name(), tuple(dict.fromkeys(names))
    if name in offered:
        yield TrialParam(name=axis, key=axis, value=name, distribution=CategoricalDistribution(offered))


def _sets(space: SearchSpace, recipe: Recipe) -> Iterator[TrialParam]:
    """Yield for each regularizer and wrapper whether it is there, and its fields if it is."""
    from optuna.distributions import CategoricalDistribution

    either = CategoricalDistribution([False, True])
    for axis in SET_AXES:
        chosen = {choice.name(): choice for choice in getattr(recipe, axis)}
        for name in (choice.name() for choice in getattr(space, axis)):
            yield TrialParam(name=name, key=axis, value=name in chosen, distribution=either)
            yield from _fields(chosen[name]) if name in chosen else ()


def _fields(choice: Choice, moved: Mapping[str, Range] = UNMOVED) -> Iterator[TrialParam]:
    values = choice.fields()
    for name, span in {**ranges(type(choice)), **moved}.items():
        called, key = param_name(choice.axis, choice.name(), name), f"{choice.axis}.{choice.name()}.{name}"
        yield _param(called, key, span, values[name])


def _param(name: str, key: str, span: Range, value: Scalar) -> TrialParam:
    return TrialParam(name=name, key=key, value=value, distribution=_distribution(span, value))


def _distribution(span: Range, value: Any) -> BaseDistribution:
    """Return what a value was drawn from; a range that a start or a limit took it out of reaches to it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(span, Numeric):
        return CategoricalDistribution(span.options)
    low, high, log = min(span.low, value), max(span.high, value), span.scale == "log"
    if span.whole:
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _distinct(params: Iterable[TrialParam]) -> Iterator[TrialParam]:
    """Yield params with a name each: a model's field that is called as another is said to be the model's."""
    names: set[str] = set()
    for param in params:
        name = param.name if param.name not in names else param.key
        names.add(name)
        yield TrialParam(name=name, key=param.key, value=param.value, distribution=param.distribution)
