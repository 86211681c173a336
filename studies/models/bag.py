"""A bag of embedded words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import one_of, whole

if TYPE_CHECKING:
    from torch import nn


SPREAD: Final = 0.3
"""Standard deviation of a new embedding. At torch's 1 a word seen seldom stays noise: on a synthetic topic
task of 2,000 Zipfian words AdamW got 0.65 of the texts right after ten epochs, with 0.3 0.69; smaller still,
plain SGD hardly starts."""


@dataclass(frozen=True, kw_only=True)
class Bag(ModelChoice):
    """The mean of the words' embeddings, then one hidden layer.

    Helps: topics and sentiment, where the words say it and not their order; large vocabularies, with sparse
    gradients.
    Hurts: negation, word order, very short rows; sparse gradients rule out what needs all of them (clipping,
    sharpness).
    Source: Joulin et al. 2016, arXiv 1607.01759; Iyyer et al. 2015, ACL P15-1162.
    """

    searched: ClassVar[bool] = False

    width: int = whole(8, 256, default=64, log=True)
    """Size of a word's embedding."""
    hidden: int = whole(16, 512, default=64, log=True)
    """Units of the hidden layer."""
    sparse: bool = one_of(True, False, default=True)  # noqa: FBT003 - options, not switches
    """Whether the table's gradient holds only the rows of the batch's words; SparseAdam or its like then
    steps on it."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are texts."""
        return inputs.kind == "text"

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the layers as one Sequential."""
        import torch
        from torch import nn

        table = nn.EmbeddingBag(
            inputs.vocabulary + 1, self.width, mode="mean", sparse=self.sparse, padding_idx=0
        )
        with torch.no_grad():
            table.weight.mul_(SPREAD)
        return nn.Sequential(
            table, nn.Dropout(0.0), nn.Linear(self.width, self.hidden), nn.ReLU(), nn.Dropout(0.0),
            nn.Linear(self.hidden, outputs),
        )  # fmt: skip
