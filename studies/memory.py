"""Bytes that training needs: weights, gradients, optimizer state and activations; forecast before, counted during.

Weights, gradients and state are arithmetic. Activations are what autograd saves for the backward pass, counted through its
saved-tensor hooks on one forward pass and scaled with the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from studies.facts import Forecast
from studies.measure import model_bytes, tensor_bytes
from studies.routing import route

if TYPE_CHECKING:
    from torch import nn

    from studies.optimizers import OptimizerChoice


class SavedBytes:
    """Bytes of the tensors that autograd saved, each storage once, those in `known` left out."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        self._known = {tensor.untyped_storage().data_ptr() for tensor in known}
        self._seen: dict[int, torch.Tensor] = {}

    def keep(self, tensor: torch.Tensor) -> torch.Tensor:
        """Note a tensor that autograd saves."""
        pointer = tensor.untyped_storage().data_ptr()
        if pointer not in self._known:
            self._seen[pointer] = tensor  # held, so that its address is not used again while we count
        return tensor

    def total(self) -> int:
        """Return the bytes and let go of the tensors."""
        count = tensor_bytes(self._seen.values())
        self._seen.clear()
        return count


@contextmanager
def saved_bytes(model: nn.Module) -> Iterator[SavedBytes]:
    """Count what autograd saves inside the block, the model's own weights left out."""
    saved = SavedBytes([*model.parameters(), *model.buffers()])
    with torch.autograd.graph.saved_tensors_hooks(saved.keep, lambda tensor: tensor):
        yield saved


def activation_bytes(model: nn.Module, inputs: torch.Tensor, loss: Callable[[torch.Tensor], torch.Tensor]) -> int:
    """Return the bytes that one training pass over `inputs` (batch, ...) saves for its backward pass, the inputs included."""
    with torch.random.fork_rng(devices=[]), saved_bytes(model.train()) as saved:
        result = loss(model(inputs))
        count = saved.total()
    del result
    return count


def forecast(optimizer: OptimizerChoice, model: nn.Module, activations: int) -> Forecast:
    """Return the bytes that training the model with this optimizer takes."""
    routes = route(model)
    parameters = routes.of()
    return Forecast(
        optimizer=optimizer.name(),
        weight_bytes=model_bytes(model),
        gradient_bytes=sum(parameter.numel() * parameter.element_size() for parameter in parameters),
        state_bytes=sum(optimizer.state_bytes(tuple(parameter.shape), role) for _, parameter, role in routes.roles),
        activation_bytes=activations,
    )
