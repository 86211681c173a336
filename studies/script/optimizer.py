"""Optimizer of a script: the calls that construct it, its groups of parameters as rules."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import torch

from studies.script.construction import Construction, constructions
from studies.script.definitions import Definitions
from studies.script.groups import rule_for
from studies.script.literals import literal

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from studies.optimizers import OptimizerChoice

LONGEST: Final = 88
"""Characters of a call on one line."""


def write_optimizer(
    definitions: Definitions, choice: OptimizerChoice, model: nn.Module, steps: int
) -> Optimizer:
    """Define `build_optimizer(model)`; return the optimizer that it is to build.

    Args:
        definitions: of the script.
        choice: which optimizer.
        model: a module of the model.
        steps: of the whole run.
    """
    optimizer, made = constructions(lambda: choice.build(model, steps))
    by_optimizer = {id(construction.optimizer): construction for construction in made}
    needs = dict[str, None]()
    source = _constructed(definitions, by_optimizer, by_optimizer[id(optimizer)], model, needs)
    hooks = [
        f"    optimizer.register_step_pre_hook({definitions.add(hook)})"
        for part in getattr(optimizer, "parts", (optimizer,))
        for hook in part._optimizer_step_pre_hooks.values()
    ]
    lines = [f"    {line}" for line in needs]
    ends = (
        [f"    optimizer = {source}", *hooks, "    return optimizer"] if hooks else [f"    return {source}"]
    )
    head = [
        "def build_optimizer(model):",
        f'    """Return the optimizer, {choice.name()}, over its groups."""',
    ]
    definitions.blocks["build_optimizer"] = "\n".join([*head, *lines, *ends])
    return optimizer


def _constructed(
    definitions: Definitions,
    by_optimizer: dict[int, Construction],
    construction: Construction,
    model: nn.Module,
    needs: dict[str, None],
) -> str:
    """Return the call that constructs an optimizer."""
    parts = next(iter(construction.arguments.values()))
    if all(id(part) in by_optimizer for part in parts):
        inner = [
            _constructed(definitions, by_optimizer, by_optimizer[id(part)], model, needs) for part in parts
        ]
        first = _listed(inner)
    else:
        first = _groups(construction, model, needs)
    settings = [f"{name}={_value(definitions, value)}" for name, value in construction.settings.items()]
    return call(_class(definitions, construction.kind), [first, *settings])


def _class(definitions: Definitions, kind: type) -> str:
    if getattr(torch.optim, kind.__name__, None) is kind:
        return f"torch.optim.{kind.__name__}"
    if definitions.is_ours(kind):
        return definitions.add(kind)
    root = kind.__module__.partition(".")[0]
    short = __import__(root)
    module = root if getattr(short, kind.__name__, None) is kind else kind.__module__
    return definitions.imported(kind, kind.__name__, module)


def _groups(construction: Construction, model: nn.Module, needs: dict[str, None]) -> str:
    """Return the groups of parameters as source, and note what has to stand before it."""
    written = list[str]()
    for group in construction.groups:
        rule = rule_for(model, group["params"])
        needs |= dict.fromkeys(rule.needs)
        options = {name: value for name, value in group.items() if name != "params"}
        if not options and len(construction.groups) == 1:
            return rule.expression
        entries = [
            f'"params": {rule.expression}',
            *(f'"{name}": {literal(value)}' for name, value in options.items()),
        ]
        written.append("{" + ", ".join(entries) + "}")
    return _listed(written)


def _value(definitions: Definitions, value: Any) -> str:
    if isinstance(value, enum.Enum):
        kind = type(value)
        return f"{definitions.imported(kind, kind.__name__)}.{value.name}"
    return literal(value)


def call(function: str, arguments: Iterable[str]) -> str:
    """Return a call as source: on one line where it fits, else an argument a line."""
    listed = list(arguments)
    short = f"{function}({', '.join(listed)})"
    if len(short) <= LONGEST and "\n" not in short:
        return short
    inner = "".join(f"{_indented(argument)},\n" for argument in listed)
    return f"{function}(\n{inner}    )"


def _listed(items: list[str]) -> str:
    inner = "".join(f"{_indented(item)},\n" for item in items)
    return f"[\n{inner}    ]"


def _indented(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([f"        {first}", *(f"    {line}" if line else "" for line in rest)])
