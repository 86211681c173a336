"""Parameter roles: which parameters are sparse tables, tables, matrices, the head or vectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import nn

ROLES: Final = ("sparse table", "table", "matrix", "head", "vector")
"""Embedding with sparse gradients, embedding, hidden weight of two or more dimensions, weight of the last
layer, all the rest."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Routes:
    """A model's trained parameters and what each one is."""

    roles: tuple[tuple[str, nn.Parameter, str], ...]
    """(name, parameter, role), in the model's order."""

    def of(self, *roles: str) -> list[nn.Parameter]:
        """Return the parameters of these roles; of all when none is named."""
        return [parameter for _, parameter, role in self.roles if not roles or role in roles]

    def without(self, *roles: str) -> Routes:
        """Return the routes of everything else."""
        return Routes(roles=tuple(entry for entry in self.roles if entry[2] not in roles))

    def within(self, parameters: Iterable[nn.Parameter]) -> Routes:
        """Return the routes of these parameters."""
        numbers = {id(parameter) for parameter in parameters}
        return Routes(roles=tuple(entry for entry in self.roles if id(entry[1]) in numbers))

    @property
    def decayed(self) -> list[nn.Parameter]:
        """Return what weight decay and penalties act on: everything dense with two or more dimensions."""
        return [
            parameter for _, parameter, role in self.roles if parameter.ndim >= 2 and role != "sparse table"
        ]

    @property
    def exempt(self) -> list[nn.Parameter]:
        """Return the rest: biases, the scales and shifts of norms, sparse tables."""
        return [
            parameter for _, parameter, role in self.roles if parameter.ndim < 2 or role == "sparse table"
        ]

    def groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Return two parameter groups for an optimizer.

        One is decayed at this strength, the rest is left alone.
        """
        return [
            {"params": self.decayed, "weight_decay": weight_decay},
            {"params": self.exempt, "weight_decay": 0.0},
        ]

    @property
    def fusable(self) -> bool:
        """Tell whether torch's fused step serves every parameter; on a CPU it is two to ten times faster."""
        return all(
            parameter.is_floating_point()
            and parameter.device.type in {"cpu", "cuda"}
            and role != "sparse table"
            for _, parameter, role in self.roles
        )

    def counts(self) -> dict[str, int]:
        """Return the number of weights in each role that the model has."""
        sizes = {role: sum(parameter.numel() for parameter in self.of(role)) for role in ROLES}
        return {role: count for role, count in sizes.items() if count}


def route(model: nn.Module) -> Routes:
    """Return the role of every trained parameter that holds any number.

    A tensor that is both table and head (tied) is a table.
    """
    from torch import nn

    tables: dict[int, str] = {}
    last: nn.Parameter | None = None
    for module in model.modules():
        if isinstance(module, nn.Embedding | nn.EmbeddingBag):
            tables[id(_trained_weight(module))] = "sparse table" if module.sparse else "table"
        elif isinstance(module, nn.Linear):
            last = _trained_weight(module)
    return Routes(
        roles=tuple(
            (name, parameter, tables.get(id(parameter)) or _role(parameter, is_last=parameter is last))
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and parameter.numel()
        )
    )


def of_shapes(parameters: Iterable[tuple[str, nn.Parameter]]) -> Routes:
    """Return the roles of parameters without their model: with two or more dimensions a matrix."""
    return Routes(
        roles=tuple(
            (name, parameter, _role(parameter, is_last=False))
            for name, parameter in parameters
            if parameter.requires_grad and parameter.numel()
        )
    )


def _trained_weight(module: nn.Module) -> nn.Parameter | None:
    """Return the parameter that a layer's weight is, or is computed from: of several the largest, the last.

    Weight norm keeps a magnitude beside a direction.
    """
    from torch.nn.utils.parametrize import is_parametrized

    if is_parametrized(module, "weight"):
        originals = list(module.parametrizations.weight.parameters(recurse=False))  # type: ignore[union-attr]
    else:
        originals = [
            parameter
            for name, parameter in module.named_parameters(recurse=False)
            if name == "weight" or name.startswith("weight_")
        ]
    return max(reversed(originals), key=lambda parameter: parameter.numel(), default=None)


def _role(parameter: nn.Parameter, *, is_last: bool) -> str:
    if is_last:
        return "head"
    return "matrix" if parameter.ndim >= 2 else "vector"


def trained(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that are trained."""
    return route(model).of()


def decayed(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that weight decay and penalties act on."""
    return route(model).decayed
