"""A transformer for tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import one_of, whole

if TYPE_CHECKING:
    from torch import nn

MOST_COLUMNS: Final = 256
"""Attention compares every column with every other: at this many a step of 32 rows takes half a second on a
CPU."""


@dataclass(frozen=True, kw_only=True)
class FTTransformer(ModelChoice):
    """A token for each column and a transformer over them.

    Helps: tables whose columns interact, with ten thousand rows or more; low lr with warmup.
    Hurts: hundreds of columns, a cost that grows with their square; few rows; a tight time budget.
    Source: Gorishniy et al. 2021, arXiv 2106.11959.
    """

    searched: ClassVar[bool] = False

    width: int = whole(16, 256, default=64, log=True)
    """Size of a token, rounded up to a multiple of the heads."""
    depth: int = whole(1, 6, default=3)
    """Transformer blocks."""
    heads: int = one_of(1, 2, 4, 8, default=4)
    """Attention heads."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are columns of a table, mostly not zero and no more than 256."""
        return inputs.kind == "table" and not inputs.sparse and inputs.size <= MOST_COLUMNS

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the transformer."""
        from studies.nn.ft_transformer import ColumnTransformer

        width = -(-self.width // self.heads) * self.heads
        return ColumnTransformer(inputs.size, outputs, width=width, depth=self.depth, heads=self.heads)
