"""The step of row-wise Adagrad, over dense and sparse gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch import nn
from torch.optim import Optimizer

from studies.optim.stepper import evaluated

EPS: Final = 1e-10


class RowwiseAdagrad(Optimizer):
    """One sum of squares for each row of a tensor of two or more dimensions, and for each number of a vector.

    Args:
        parameters: dense tensors; their gradients may be sparse in the first dimension.
        lr: learning rate.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step once; rows without a gradient are neither read nor written where it is sparse."""
        loss = evaluated(closure)
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    move = _move_rows if parameter.grad.is_sparse else _move_all
                    move(parameter, parameter.grad, self._sums(parameter), group["lr"])
        return loss

    def _sums(self, parameter: torch.Tensor) -> torch.Tensor:
        state = self.state[parameter]
        if not state:
            state["sum"] = parameter.new_zeros(parameter.shape[:1])
        sums: torch.Tensor = state["sum"]
        return sums


def _move_rows(parameter: torch.Tensor, gradient: torch.Tensor, sums: torch.Tensor, lr: float) -> None:
    """Step on the rows of a sparse gradient, each row's entries added up first."""
    gradient = gradient.coalesce()
    rows, values = gradient.indices()[0], gradient.values()
    sums.index_add_(0, rows, _mean_squares(values))
    parameter.index_add_(0, rows, _scaled(values, sums[rows]), alpha=-lr)


def _move_all(parameter: torch.Tensor, gradient: torch.Tensor, sums: torch.Tensor, lr: float) -> None:
    sums.add_(_mean_squares(gradient))
    parameter.add_(_scaled(gradient, sums), alpha=-lr)


def _mean_squares(gradient: torch.Tensor) -> torch.Tensor:
    return gradient.square().flatten(1).mean(1) if gradient.ndim >= 2 else gradient.square()


def _scaled(gradient: torch.Tensor, sums: torch.Tensor) -> torch.Tensor:
    return gradient / (sums.sqrt() + EPS).reshape(sums.shape + (1,) * (gradient.ndim - sums.ndim))
