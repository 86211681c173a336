"""Stack of models: their weights, buffers and gradients in tensors with a leading row for each model.

Each model keeps its own parameters, whose memory is a row of the stack: what an optimizer or a hook does to a
model is done to its row.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import nn


class Stack:
    """Stack of models of one shape.

    Args:
        models: two or more whose parameters and buffers have the same names, shapes and types. Their memory
            becomes the stack's; `release` gives each its own again.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.models = tuple(models)
        self.template = _template(models[0])
        """Called in the models' place, with a row of weights and buffers."""
        self._weights = [dict(model.named_parameters()) for model in models]
        self._buffers = [dict(model.named_buffers()) for model in models]
        self.weights = {name: _stacked(self._weights, name) for name in self._weights[0]}
        """By name, (models, *shape), leaves of autograd where they are trained."""
        self.buffers = {name: _stacked(self._buffers, name) for name in self._buffers[0]}
        for name, weight in self._weights[0].items():
            self.weights[name].requires_grad_(weight.requires_grad)
        self.trained = [name for name, weight in self.weights.items() if weight.requires_grad]
        self._grads: dict[str, torch.Tensor] = {}
        self._rows: list[list[tuple[nn.Parameter, torch.Tensor]]] = []

    def take_gradients(self, total: torch.Tensor) -> None:
        """Give each model the gradients of the summed losses; weights without one are left without.

        Args:
            total: sum of one loss a model, a scalar.
        """
        leaves = [self.weights[name] for name in self.trained]
        grads = torch.autograd.grad(total, leaves, allow_unused=True)
        used = {name: grad for name, grad in zip(self.trained, grads, strict=True) if grad is not None}
        if used.keys() != self._grads.keys():
            self._make_rows(tuple(used))
        with torch.no_grad():
            torch._foreach_copy_(list(self._grads.values()), list(used.values()))
        for pairs in self._rows:
            for weight, row in pairs:
                if weight.grad is not row:
                    weight.grad = row

    def release(self) -> None:
        """Give each model memory of its own, with what its row holds."""
        for model in self.models:
            for tensor in (*model.parameters(), *model.buffers()):
                tensor.data = tensor.data.clone()
                tensor.grad = None

    def _make_rows(self, names: Sequence[str]) -> None:
        """Make the tensors that gradients are written into, and each model's views of them."""
        self._grads = {name: torch.empty_like(self.weights[name], requires_grad=False) for name in names}
        self._rows = [
            [(weights[name], self._grads[name][row]) for name in names]
            for row, weights in enumerate(self._weights)
        ]


def _stacked(tensors: Sequence[Mapping[str, torch.Tensor]], name: str) -> torch.Tensor:
    """Return tensors of one name stacked, and make each of them a view of its row."""
    stacked = torch.stack([entry[name].detach() for entry in tensors])
    for row, entry in enumerate(tensors):
        entry[name].data = stacked[row]
    return stacked


def _template(model: nn.Module) -> nn.Module:
    """Return a copy of a model, to train with, that holds no numbers of its own."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, shared).train()
