"""Trained model: what a compression pass sees, with its prunable weights and some training rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn.utils import parametrize

from studies.data.rows import tensors
from studies.infeasible import CannotCompress

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload

CALIBRATION_ROWS: Final = 512
"""Training rows that passes may look at: more changed nothing when 128 to 512 were tried."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weight:
    """A weight of two or more dimensions."""

    name: str
    """As in `model.named_parameters()`, the first one of a weight that is shared."""
    owners: tuple[tuple[nn.Module, str], ...]
    """(module, attribute) of every place that holds it; several when it is shared."""

    @property
    def parameter(self) -> nn.Parameter:
        """Return the parameter itself, under a parametrization the original one."""
        module, attribute = self.owners[0]
        if parametrize.is_parametrized(module, attribute):
            return module.parametrizations[attribute].original  # type: ignore[index,union-attr,no-any-return]
        return getattr(module, attribute)  # type: ignore[no-any-return]


@dataclass(kw_only=True, eq=False)
class TrainedModel:
    """A trained model on its way to becoming small.

    `model` may be changed in place or replaced. Rows come from the training split alone.
    """

    model: nn.Module
    workload: LoadedWorkload
    seed: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    notes: list[str] = field(default_factory=list)
    """What was left untreated and why, in clauses for the record."""

    @cached_property
    def rows(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return calibration inputs and targets, drawn from the training split by the seed."""
        inputs, targets = tensors(self.workload.dataset, "train", self.device)
        order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(self.seed))[
            :CALIBRATION_ROWS
        ]
        return inputs[order], targets[order]

    def loss(self) -> torch.Tensor:
        """Return the plain mean loss over the calibration rows in evaluation mode.

        Gradients flow unless they are switched off.
        """
        inputs, targets = self.rows
        return self.workload.loss(self.model.eval()(inputs), targets)

    @property
    def weights(self) -> dict[str, Weight]:
        """Return the prunable weights by name: every trained tensor of two or more dimensions.

        A shared one stands there once.
        """
        return {weight.name: weight for weight in weights_of(self.model)}


def weights_of(model: nn.Module) -> Iterator[Weight]:
    """Yield every trained weight of two or more dimensions.

    Biases and norms are left alone: they weigh next to nothing.
    """
    owners: dict[int, list[tuple[nn.Module, str]]] = {}
    for module in model.modules():
        for attribute, parameter in module.named_parameters(recurse=False):
            owners.setdefault(id(parameter), []).append((module, attribute))
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2 and parameter.requires_grad:
            yield Weight(name=name, owners=tuple(owners[id(parameter)]))


def prunable(model: nn.Module) -> list[nn.Parameter]:
    """Return the prunable weights.

    Raises:
        CannotCompress: there are none.
    """
    parameters = [weight.parameter for weight in weights_of(model)]
    if not parameters:
        raise CannotCompress("it has no trained weights of two or more dimensions")
    return parameters


def size_of(model: nn.Module) -> int:
    """Return how many parameters a model has."""
    return sum(parameter.numel() for parameter in model.parameters())


def sparsity_of(model: nn.Module) -> float:
    """Return the share of exact zeros among the prunable weights; 0 for a model without any."""
    parameters = [weight.parameter for weight in weights_of(model)]
    total = sum(parameter.numel() for parameter in parameters)
    return sum(int((parameter == 0).sum()) for parameter in parameters) / total if total else 0.0
