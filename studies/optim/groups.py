"""Parameter groups that an optimizer is built over, each with settings of its own, as torch takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from studies.errors import BadValue, shown
from studies.optim.routing import Routes, of_shapes, route

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

CALL = "build(model, total_steps)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Group of parameters, and the settings that differ from the optimizer's own."""

    routes: Routes
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Builder:
    """What is asked of an optimizer's choice before it is built over groups."""

    name: str
    fields: frozenset[str]
    partners: tuple[str, ...]
    """Optimizers that it leaves some of the dense parameters to, by what they are in the model."""
    one_group: bool
    """Whether all parameters are one vector to it."""


def groups_of(builder: Builder, model: Any, groups: Sequence[Mapping[str, Any]] | None) -> list[Group]:
    """Return the groups that an optimizer is built over.

    Args:
        builder: the optimizer.
        model: a module; or parameters, pairs of name and parameter, or groups alone, where shapes are enough.
        groups: of the module's parameters, each a dict of `params` and settings; None for one of all.

    Raises:
        BadValue: what cannot be built over, in one line.
    """
    from torch import nn

    if isinstance(model, nn.Module):
        return (
            [Group(routes=route(model), settings={})] if groups is None else _of_model(builder, model, groups)
        )
    entries = _entries(model)
    if groups is not None:
        raise BadValue(
            "groups are of a model's parameters; hand over the model: build(model, total_steps, groups=...)"
        )
    if builder.partners:
        raise BadValue(
            f"{builder.name} leaves some parameters to {' and '.join(builder.partners)}, by what they are in "
            f"the model; hand over the model, not its parameters: {CALL}"
        )
    several = isinstance(entries[0], Mapping)
    parted = _disjoint(builder, entries if several else [{"params": entries}])
    return [_group(of_shapes(group["params"]), group) for group in parted]


def set_in(made: Optimizer, group: Group, builder: Builder) -> Optimizer:
    """Set in all groups of a torch optimizer what a group says and the choice has no field for; return it.

    Raises:
        BadValue: a setting that neither has.
    """
    known = {key for made_group in made.param_groups for key in made_group} - {"params", "initial_lr"}
    for name in sorted(set(group.settings) - builder.fields):
        if name not in known:
            allowed = ", ".join(sorted(known | builder.fields))
            raise BadValue(f"{builder.name} has no setting {shown(name)}; a group may set {allowed}")
        for made_group in made.param_groups:
            if name in made_group:
                made_group[name] = group.settings[name]
    return made


def joined(parts: Sequence[Optimizer]) -> Optimizer:
    """Return optimizers of several groups as one: those of a kind become one optimizer with their groups."""
    from studies.optim.composite import Composite

    by_kind: dict[type, Optimizer] = {}
    for part in chain.from_iterable(getattr(each, "parts", (each,)) for each in parts):
        first = by_kind.setdefault(type(part), part)
        for group in () if first is part else part.param_groups:
            first.add_param_group(group)
    kinds = list(by_kind.values())
    return kinds[0] if len(kinds) == 1 else Composite(kinds)


def _entries(model: Any) -> list[Any]:
    if not isinstance(model, Iterable) or hasattr(model, "shape"):
        raise BadValue(f"an optimizer is built over a torch module, not over {type(model).__name__}: {CALL}")
    if not (entries := list(model)):
        raise BadValue(f"there are no parameters; hand over the model: {CALL}")
    return entries


def _of_model(builder: Builder, model: nn.Module, groups: Sequence[Mapping[str, Any]]) -> list[Group]:
    routes, parameters_of_model = route(model), {id(parameter) for parameter in model.parameters()}
    parted = _disjoint(builder, groups)
    if not {id(parameter) for group in parted for _, parameter in group["params"]} <= parameters_of_model:
        raise BadValue(
            "a group has a parameter that is not the model's; take them from the model you hand over"
        )
    return [_group(routes.within(parameter for _, parameter in group["params"]), group) for group in parted]


def _disjoint(builder: Builder, groups: Iterable[Any]) -> list[dict[str, Any]]:
    """Return groups with lists of (name, parameter), each parameter in one of them."""
    parted = []
    for group in groups:
        if not isinstance(group, Mapping) or "params" not in group:
            raise BadValue(
                "a group is a dict of 'params' and settings: {'params': head.parameters(), 'lr': 1e-4}"
            )
        parted.append({**group, "params": _pairs(group["params"])})
    numbers = [id(parameter) for group in parted for _, parameter in group["params"]]
    if len(set(numbers)) < len(numbers):
        raise BadValue("a parameter is in two groups; leave it in one")
    if builder.one_group and len(parted) > 1:
        raise BadValue(f"{builder.name} takes all parameters as one vector; give it a single group")
    return parted


def _pairs(params: Any) -> list[tuple[str, Any]]:
    """Return (name, parameter) of what torch takes for parameters: one, several, or pairs with names."""
    entries = [params] if hasattr(params, "shape") else list(params)
    pairs = [entry if isinstance(entry, tuple) else ("", entry) for entry in entries]
    for _, parameter in pairs:
        if not hasattr(parameter, "requires_grad"):
            raise BadValue(
                f"{type(parameter).__name__} is no parameter of a torch module; hand over the model: {CALL}"
            )
    return pairs


def _group(routes: Routes, group: Mapping[str, Any]) -> Group:
    if not routes.roles:
        raise BadValue("no parameter of a group is trained; leave the group out")
    return Group(routes=routes, settings={name: value for name, value in group.items() if name != "params"})
