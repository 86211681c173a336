"""A residual network for tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import between, one_of, whole

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class TabularResNet(ModelChoice):
    """Residual blocks of norm, two linear layers and dropout on the columns of a table.

    Helps: tables of thousands of rows or more, where an MLP gains from depth; many columns, which it takes at
    little cost.
    Hurts: very few rows; targets that a linear model or an MLP already reaches, for it costs more a step.
    Source: Gorishniy et al. 2021, arXiv 2106.11959.
    """

    searched: ClassVar[bool] = False

    width: int = whole(32, 512, default=128, log=True)
    """Units that run along the shortcut."""
    depth: int = whole(1, 8, default=2)
    """Residual blocks."""
    expansion: float = between(1.0, 4.0, default=2.0)
    """Units inside a block as a multiple of the width."""
    norm: str = one_of("none", "batch", "layer", default="batch")
    """Norm at the start of each block and before the head."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are columns of a table."""
        return inputs.kind == "table"

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the layers as one Sequential."""
        from torch import nn

        from studies.nn.norms import norms
        from studies.nn.residual import Residual

        blocks = [Residual(self._branch()) for _ in range(self.depth)]
        end = [*norms(self.norm, self.width), nn.ReLU(), nn.Linear(self.width, outputs)]
        return nn.Sequential(nn.Linear(inputs.size, self.width), *blocks, *end)

    def _branch(self) -> nn.Module:
        from torch import nn

        from studies.nn.norms import norms

        inner = round(self.expansion * self.width)
        return nn.Sequential(
            *norms(self.norm, self.width), nn.Linear(self.width, inner), nn.ReLU(), nn.Dropout(0.0),
            nn.Linear(inner, self.width), nn.Dropout(0.0),
        )  # fmt: skip
