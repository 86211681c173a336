"""Linear layers of stacked models: one batched product for all rows of the stack."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch._C import _functorch as functorch
from torch._functorch.pyfunctorch import temporarily_pop_interpreter_stack


def batch_linear_layers(template: nn.Module) -> None:
    """Have the plain linear layers of a template multiply all rows of a stack at once.

    torch's own rule for a linear layer inside vmap took twice as long on a small layer, forward and backward.
    """
    for module in template.modules():
        if type(module) is nn.Linear:
            module.__class__ = RowLinear


class RowLinear(nn.Linear):
    """Linear layer that sees through vmap: called for one model, it multiplies for all of them."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map (batch, inputs) to (batch, outputs); other shapes go torch's own way."""
        is_row = inputs.ndim == 2 and self.bias is not None and functorch.is_batchedtensor(self.weight)
        if not is_row:
            return super().forward(inputs)
        level, weight = functorch.maybe_get_level(self.weight), _stacked(self.weight)
        with temporarily_pop_interpreter_stack():
            rows = _stacked(inputs, len(weight))
            outputs = BatchedProduct.apply(rows, weight, _stacked(self.bias))  # type: ignore[no-untyped-call]
        batched: torch.Tensor = functorch._add_batch_dim(outputs, 0, level)
        return batched


class BatchedProduct(torch.autograd.Function):
    """rows @ weight.T + bias of (models, batch, inputs), (models, outputs, inputs), (models, outputs)."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Multiply."""
        ctx.save_for_backward(rows, weight)
        return torch.baddbmm(bias.unsqueeze(1), rows, weight.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients that are wanted."""
        rows, weight = ctx.saved_tensors
        of_rows, of_weight, of_bias = ctx.needs_input_grad
        return (
            torch.bmm(grad, weight) if of_rows else None,
            torch.bmm(grad.transpose(1, 2), rows) if of_weight else None,
            grad.sum(1) if of_bias else None,
        )


def _stacked(value: torch.Tensor, models: int = 1) -> torch.Tensor:
    """Return what vmap holds behind a row, the models first; what all rows share stands once for each."""
    if not functorch.is_batchedtensor(value):
        return value.expand(models, *value.shape)
    stacked: torch.Tensor = functorch.get_unwrapped(value).movedim(functorch.maybe_get_bdim(value), 0)
    return stacked
