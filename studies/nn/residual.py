"""Residual connections whose branch can be dropped per sample."""

from __future__ import annotations

import torch
from torch import nn


def drop_path(branch: torch.Tensor, rate: float) -> torch.Tensor:
    """Zero the branch, (batch, ...), for a random share `rate` of the samples.

    The rest is scaled so that the mean stays.
    """
    if rate <= 0.0:
        return branch
    shape = (branch.shape[0],) + (1,) * (branch.ndim - 1)
    survivors = torch.rand(shape, device=branch.device) >= rate
    return branch * (survivors / (1.0 - rate)).to(branch.dtype)


class Residual(nn.Module):
    """A branch beside a shortcut, then what follows their sum.

    Shortcut and end are the identity unless they are passed.
    """

    drop_path: float
    """Chance, in [0, 1), that a sample's branch is dropped in training."""

    def __init__(
        self, branch: nn.Module, *, shortcut: nn.Module | None = None, end: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut or nn.Identity()
        self.end = end or nn.Identity()
        self.drop_path = 0.0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map (batch, ...) to the shape of the branch."""
        branch = drop_path(self.branch(inputs), self.drop_path if self.training else 0.0)
        outputs: torch.Tensor = self.end(self.shortcut(inputs) + branch)
        return outputs
