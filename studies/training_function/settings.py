"""Settings of a training function: its own hyperparameters, Optuna distributions made fields of a choice."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from studies.data.inputs import Inputs
from studies.errors import BadValue, BadWorkload, shown
from studies.imports import refer
from studies.models import ModelChoice
from studies.space import between, log_between, one_of, whole

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Settings(ModelChoice):
    """What a training function of your own is told beside the recipe: your own hyperparameters.

    Helps: searching the width of a model or the strength of an augmentation together with the optimizer.
    Hurts: every field wants trials of its own.
    Source: your code; fields are Optuna's distributions.
    """

    offered: ClassVar[bool] = False
    remade_by: ClassVar[tuple[Any, ...]] = ()
    """Of a class for a space: the function that makes it again, and its arguments."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Have an object pickled by the space of its class."""
        return _with, (*self.remade_by[1], self.fields())

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:  # noqa: ARG003
        """Refuse every form of data: there is no model to build."""
        return False

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:  # noqa: ARG002
        """Refuse: the function builds its own model.

        Raises:
            BadWorkload: always.
        """
        raise BadWorkload(
            "these settings belong to a training function, which builds its own model; they make none"
        )


def settings(space: Mapping[str, BaseDistribution]) -> Settings:
    """Return the settings that Optuna's distributions span, at the middle of each range.

    Raises:
        BadValue: a name that is no identifier, or something that is no distribution.
    """
    if not isinstance(space, Mapping):
        raise BadValue(f"space is {type(space).__name__}; give a dict of names and Optuna distributions")
    return _kind(tuple(sorted(space.items())))()


@cache
def _kind(space: tuple[tuple[str, BaseDistribution], ...]) -> type[Settings]:
    """Return one class for the same space, under a name that is the same in every process.

    Pickles of the class and of its objects hold the space, since no import finds the class.
    """
    spans = [(_checked(name), float, _span(name, distribution)) for name, distribution in space]
    kind = make_dataclass("Settings", spans, bases=(Settings,), frozen=True, kw_only=True)
    kind.__doc__, kind.__module__ = Settings.__doc__, "settings"
    kind.__qualname__ = hashlib.sha256(repr(space).encode()).hexdigest()[:6]
    typed: type[Settings] = kind
    typed.remade_by = (_kind, (space,))
    typed.reference = refer(kind)
    return typed


def _with(space: tuple[tuple[str, BaseDistribution], ...], values: dict[str, Any]) -> Settings:
    return _kind(space)(**values)


def _checked(name: str) -> str:
    if not name.isidentifier():
        raise BadValue(
            f"{shown(name)} is no name for a hyperparameter; use letters, digits and '_', as in hidden_units"
        )
    return name


def _span(name: str, distribution: object) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match distribution:
        case FloatDistribution(low=low, high=high, log=True):
            return log_between(low, high, default=math.sqrt(low * high))
        case FloatDistribution(low=low, high=high):
            return between(low, high, default=(low + high) / 2)
        case IntDistribution(low=low, high=high, log=log):
            middle = math.sqrt(low * high) if log else (low + high) / 2
            return whole(low, high, default=round(middle), log=log)
        case CategoricalDistribution(choices=choices) if all(
            isinstance(choice, str | int | float) for choice in choices
        ):
            return one_of(*choices, default=choices[0])  # type: ignore[arg-type]
    allowed = "Float, Int, or Categorical of texts and numbers"
    raise BadValue(f"hyperparameter {shown(name)} is {distribution}; give an Optuna distribution: {allowed}")
