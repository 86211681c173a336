"""A model of the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from studies.callers_globals import users_dtype
from studies.data.inputs import Inputs
from studies.errors import BadWorkload, one_line
from studies.imports import load
from studies.models import ModelChoice
from studies.user_code import code_line

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Custom(ModelChoice):
    """Your own module, by the name of its class or of a function that returns it.

    Helps: whenever you have a model already: the advice is then about that model.
    Hurts: nothing; dropout is searched only if it has dropout layers.
    Source: your code, as `module:name` or `file.py:name`.
    """

    offered: ClassVar[bool] = False
    searched: ClassVar[bool] = False  # it has no settings to move: one model, one latency

    factory: str
    """`module:name` or `file.py:name`."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:  # noqa: ARG003
        """Return True: what your model makes of two real rows is checked before the search."""
        return True

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Call the factory.

        Raises:
            BadWorkload: it cannot be called so, or does not return a module.
        """
        from torch import nn

        factory = load(self.factory)
        if not callable(factory):
            raise BadWorkload(
                f"{self.factory} is {type(factory).__name__}; "
                "it must be a torch.nn.Module class or a function"
            )
        arguments = arguments_of(factory, inputs, outputs)
        try:
            with users_dtype():
                model = factory(*arguments)
        except (Exception, SystemExit) as error:  # whatever the user's code raises
            raise BadWorkload(
                f"model {self.factory} failed when called with {arguments}: {code_line(error)}"
            ) from error
        if not isinstance(model, nn.Module):
            raise BadWorkload(
                f"model {self.factory} returned {type(model).__name__}; it must return a torch.nn.Module"
            )
        return unwrapped(model)


def copies_of(module: nn.Module) -> Callable[[], nn.Module]:
    """Return a factory of copies of a module, its weights as they are.

    Raises:
        BadWorkload: it cannot be copied.
    """
    from studies.models.copies import copied

    def copy() -> nn.Module:
        return copied(module)

    try:
        copy()
    except Exception as error:  # whatever a part of it raises
        raise BadWorkload(
            f"model {type(module).__name__} cannot be copied for each trial: {one_line(error, longest=120)}; "
            "give its class, or a function that returns it"
        ) from error
    copy.__module__, copy.__qualname__ = type(module).__module__, f"copy of {type(module).__name__}"
    return copy


def unwrapped(module: nn.Module) -> nn.Module:
    """Return the module inside `torch.compile` or `DataParallel`: they change its speed and no number."""
    from torch import nn

    if isinstance(module, nn.DataParallel):
        return unwrapped(module.module)
    compiled = getattr(module, "_orig_mod", None)
    return unwrapped(compiled) if isinstance(compiled, nn.Module) else module


def arguments_of(factory: Callable[..., Any], inputs: Inputs, outputs: int) -> tuple[Any, ...]:
    """Return what a factory is called with: (inputs, outputs) where it takes two, else nothing."""
    if not _takes_two(factory):
        return ()
    return (inputs.shape if len(inputs.shape) > 1 else inputs.size), outputs


def _takes_two(factory: Callable[..., Any]) -> bool:
    parameters = inspect.signature(factory).parameters.values()
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    required = [p for p in positional if p.default is p.empty]
    return len(required) == 2 or (
        len(required) < 2 <= len(positional) and [p.name for p in positional[:2]] == ["inputs", "outputs"]
    )
