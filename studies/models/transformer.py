"""A small transformer for text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import one_of, whole

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Transformer(ModelChoice):
    """Embedded words with learned positions, blocks of attention, and the mean over the words.

    Helps: text whose order matters, with ten thousand rows or more; warmup and a low lr.
    Hurts: few rows, where a bag of words is as good and far cheaper; long rows, a cost that grows with their
    square.
    Source: Vaswani et al. 2017, arXiv 1706.03762; norm before each branch: Xiong et al. 2020, arXiv
    2002.04745.
    """

    searched: ClassVar[bool] = False

    width: int = whole(16, 256, default=64, log=True)
    """Size of a word's embedding, rounded up to a multiple of the heads."""
    depth: int = whole(1, 6, default=2)
    """Transformer blocks."""
    heads: int = one_of(1, 2, 4, 8, default=4)
    """Attention heads."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are texts."""
        return inputs.kind == "text"

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the transformer."""
        from studies.nn.transformer import TextTransformer

        width = -(-self.width // self.heads) * self.heads
        return TextTransformer(
            inputs.vocabulary, inputs.size, outputs, width=width, depth=self.depth, heads=self.heads
        )
