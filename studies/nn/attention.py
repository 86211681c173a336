"""A transformer block over (batch, tokens, width)."""

from __future__ import annotations

import torch
from torch import nn

from studies.nn.residual import drop_path


class AttentionBlock(nn.Module):
    """Self-attention, then a feed-forward net, each with a norm before it and its input added after it."""

    drop_path: float
    """Chance, in [0, 1), that a sample's branch is dropped in training; drawn for either branch."""

    def __init__(self, width: int, heads: int, feed_forward: nn.Module, *, normed: bool = True) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if normed else nn.Identity()
        # not batch_first: torch then takes a shortcut in evaluation, whose products its flop counter misses
        self.attention = nn.MultiheadAttention(width, heads)
        self.dropout = nn.Dropout(0.0)
        self.feed_forward = nn.Sequential(nn.LayerNorm(width), feed_forward)
        self.drop_path = 0.0

    def forward(self, tokens: torch.Tensor, padding: torch.Tensor | None = None) -> torch.Tensor:
        """Mix the tokens.

        Args:
            tokens: (batch, tokens, width).
            padding: (batch, tokens), true where a token is not to be attended to; never all of a row.
        """
        rate = self.drop_path if self.training else 0.0
        tokens = tokens + drop_path(self.dropout(self._mixed(self.norm(tokens), padding)), rate)
        return tokens + drop_path(self.feed_forward(tokens), rate)

    def _mixed(self, tokens: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
        first = tokens.transpose(0, 1)
        mixed, _ = self.attention(first, first, first, key_padding_mask=padding, need_weights=False)
        attended: torch.Tensor = mixed.transpose(0, 1)
        return attended
