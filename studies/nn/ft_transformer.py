"""A transformer over the columns of a table."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional

from studies.nn.attention import AttentionBlock


class ReGLU(nn.Module):
    """Half of the units, gated by the rectified other half."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map (..., 2 n) to (..., n)."""
        values, gates = inputs.chunk(2, dim=-1)
        return values * functional.relu(gates)


class ColumnTokens(nn.Module):
    """A token per column, its value times a direction plus an offset, and one in front that belongs to none.

    Both are kept as tables, one row a column, so that an optimizer for matrices does not take them for one.
    """

    def __init__(self, columns: int, width: int) -> None:
        super().__init__()
        self.directions = nn.Embedding(columns, width)
        self.offsets = nn.Embedding(columns + 1, width)
        for table in (self.directions, self.offsets):
            nn.init.uniform_(table.weight, -(width**-0.5), width**-0.5)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map (batch, columns) to (batch, 1 + columns, width)."""
        scaled = inputs.unsqueeze(-1) * self.directions.weight
        return functional.pad(scaled, (0, 0, 1, 0)) + self.offsets.weight


class ColumnTransformer(nn.Module):
    """Column tokens, blocks of attention, and a head on the token that belongs to no column."""

    def __init__(self, columns: int, outputs: int, *, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.tokens = ColumnTokens(columns, width)
        # without a norm before the first attention, as the paper advises
        self.blocks = nn.ModuleList(
            AttentionBlock(width, heads, _feed_forward(width), normed=i > 0) for i in range(depth)
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, outputs))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map (batch, columns) to (batch, outputs)."""
        tokens = self.tokens(inputs)
        for block in self.blocks:
            tokens = block(tokens)
        return cast("torch.Tensor", self.head(tokens[:, 0]))


def _feed_forward(width: int) -> nn.Module:
    hidden = 4 * width // 3
    return nn.Sequential(nn.Linear(width, 2 * hidden), ReGLU(), nn.Dropout(0.0), nn.Linear(hidden, width))
