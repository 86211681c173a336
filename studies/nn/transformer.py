"""A transformer over token ids."""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import nn

from studies.nn.attention import AttentionBlock

SPREAD: Final = 0.02
"""Standard deviation of a new embedding: small, so that it turns with the first steps; the norms make up for
the size."""


class TextTransformer(nn.Module):
    """Text transformer: embedded tokens with learned positions, attention blocks, and a head on their mean.

    The mean is over what is not padding.
    """

    def __init__(
        self, vocabulary: int, length: int, outputs: int, *, width: int, depth: int, heads: int
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary + 1, width, padding_idx=0)
        self.positions = nn.Embedding(length, width)
        self.dropout = nn.Dropout(0.0)
        self.blocks = nn.ModuleList(AttentionBlock(width, heads, _feed_forward(width)) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=SPREAD)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map (batch, tokens) of ids, 0 for padding, to (batch, outputs).

        A row may be shorter than the length, not longer.
        """
        padding = tokens == 0
        # an empty row attends to its padding: softmax needs something
        ignored = padding & ~padding.all(dim=1, keepdim=True)
        hidden = self.dropout(self.words(tokens) + self.positions.weight[: tokens.shape[1]])
        for block in self.blocks:
            hidden = block(hidden, ignored)
        not_padding = (~padding).unsqueeze(-1).to(hidden.dtype)
        mean = (self.norm(hidden) * not_padding).sum(dim=1) / not_padding.sum(dim=1).clamp(min=1.0)
        return cast("torch.Tensor", self.head(mean))


def _feed_forward(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(0.0), nn.Linear(4 * width, width))
