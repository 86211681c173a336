"""Construction of an optimizer as it happened: its class and the arguments that the class was called with."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from torch.optim import Optimizer

SHOWN: Final = frozenset({"lr", "betas", "momentum"})
"""Arguments that are written out even where they are the default."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Construction:
    """Construction of one torch optimizer."""

    optimizer: Optimizer
    arguments: Mapping[str, Any]
    """By name, those that have their default too; parameter groups as they were before torch filled them."""

    @property
    def kind(self) -> type[Optimizer]:
        """Return the class."""
        return type(self.optimizer)

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Return the parameter groups: each `params` and what it sets otherwise than the rest."""
        first = next(iter(self.arguments.values()))
        groups = list(first)
        return groups if groups and isinstance(groups[0], dict) else [{"params": groups}]

    @property
    def settings(self) -> dict[str, Any]:
        """Return the arguments to write out: lr and the like, and what is no default."""
        signature = inspect.signature(self.kind.__init__).parameters
        further = dict(list(self.arguments.items())[1:])
        return {
            name: value
            for name, value in further.items()
            if name in SHOWN or name not in signature or not _same(signature[name].default, value)
        }

    @property
    def positional(self) -> tuple[str, ...]:
        """Return the names of the arguments that can only be given by position."""
        parameters = inspect.signature(self.kind.__init__).parameters.values()
        return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY)


def constructions(make: Callable[[], Optimizer]) -> tuple[Optimizer, list[Construction]]:
    """Return the optimizer that a function makes, and how each one was constructed, in that order."""
    calls: dict[int, tuple[Optimizer, dict[str, Any]]] = {}

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_code.co_name != "__init__":
            return
        made = frame.f_locals.get(frame.f_code.co_varnames[0]) if frame.f_code.co_argcount else None
        if isinstance(made, Optimizer) and id(made) not in calls:
            calls[id(made)] = made, _arguments(frame)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        optimizer = make()
    finally:
        sys.setprofile(before)
    return optimizer, [
        Construction(optimizer=made, arguments=arguments) for made, arguments in calls.values()
    ]


def _arguments(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[1:count]
    values = {name: _copied(frame.f_locals[name]) for name in names}
    if code.co_flags & inspect.CO_VARKEYWORDS:
        place = count + bool(code.co_flags & inspect.CO_VARARGS)
        values |= frame.f_locals[code.co_varnames[place]]
    return values


def _copied(value: Any) -> Any:
    """Return a list of groups as it is now: torch adds to each of them."""
    if not isinstance(value, list):
        return value
    return [dict(item) if isinstance(item, dict) else item for item in value]


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)
