"""Pruned attention: multi-head attention with some heads taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional


class PrunedAttention(nn.Module):
    """Multi-head attention that answers as torch's own would with the output of some heads at zero.

    It stands where a `torch.nn.MultiheadAttention` stood. torch's own needs heads times their width to be the
    width of its inputs.
    """

    in_proj_bias: ClassVar[None] = None
    """Asked for by torch's encoder layers, which then leave their shortcut for whole attention alone."""
    _qkv_same_embed_dim: ClassVar[bool] = False

    def __init__(self, whole: nn.MultiheadAttention, heads: Sequence[int]) -> None:
        super().__init__()
        self.num_heads, self.head_dim = len(heads), whole.head_dim
        self.batch_first, self.dropout = whole.batch_first, whole.dropout
        units = torch.cat([torch.arange(head * self.head_dim, (head + 1) * self.head_dim) for head in heads])
        weights = whole.in_proj_weight.chunk(3)
        biases = whole.in_proj_bias.chunk(3) if whole.in_proj_bias is not None else (None,) * 3
        self.query, self.key, self.value = (
            _linear(weight[units], None if bias is None else bias[units])
            for weight, bias in zip(weights, biases, strict=True)
        )
        self.out_proj = _linear(whole.out_proj.weight[:, units], whole.out_proj.bias)

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = False,  # noqa: FBT001, FBT002, ARG002 - as torch has it
        attn_mask: torch.Tensor | None = None,
        **_: Any,
    ) -> tuple[torch.Tensor, None]:
        """Attend as torch's module does, to (batch, tokens, width) or (tokens, batch, width).

        Attention weights are never returned.

        Args:
            query: what asks.
            key: what is asked.
            value: what is answered.
            key_padding_mask: (batch, keys), true or minus infinity where a key is not to be attended to.
            need_weights: ignored.
            attn_mask: (queries, keys), likewise.
            **_: of torch's signature, ignored.
        """
        if not self.batch_first:
            query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        mask = _added(attn_mask, query.dtype)
        if key_padding_mask is not None:
            padding = _added(key_padding_mask, query.dtype)[:, None, None, :]
            mask = padding if mask is None else mask + padding
        mixed = functional.scaled_dot_product_attention(
            self._heads(self.query(query)),
            self._heads(self.key(key)),
            self._heads(self.value(value)),
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
        )
        outputs: torch.Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return (outputs if self.batch_first else outputs.transpose(0, 1)), None

    def _heads(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map (batch, tokens, units) to (batch, heads, tokens, units of a head)."""
        return tokens.view(*tokens.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)


def _added(mask: torch.Tensor | None, dtype: torch.dtype) -> Any:
    """Return a mask as what is added to the scores."""
    if mask is None or mask.is_floating_point():
        return mask
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -torch.inf)


def _linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    linear = nn.Linear(
        weight.shape[1], weight.shape[0], bias=bias is not None, device=weight.device, dtype=weight.dtype
    )
    with torch.no_grad():
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)
    return linear
