"""A multilayer perceptron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import one_of, whole

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class MLP(ModelChoice):
    """Layers of Linear, ReLU and Dropout on the flattened inputs.

    Helps: tables, and small images where a CNN costs too much.
    Hurts: images, text and signals, whose neighbourhood it does not see.
    Source: Rumelhart, Hinton and Williams 1986; on tables: Gorishniy et al. 2021, arXiv 2106.11959.
    """

    searched: ClassVar[bool] = False

    width: int = whole(16, 1024, default=128, log=True)
    """Units a hidden layer."""
    depth: int = whole(1, 6, default=2)
    """Hidden layers."""
    norm: str = one_of("none", "batch", "layer", default="none")
    """Norm between each hidden layer and its ReLU."""

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the layers as one Sequential."""
        from torch import nn

        from studies.nn.norms import norms

        layers: list[nn.Module] = [nn.Flatten()]
        size = inputs.size
        for _ in range(self.depth):
            linear = nn.Linear(size, self.width, bias=self.norm != "batch")
            layers += [linear, *norms(self.norm, self.width), nn.ReLU(), nn.Dropout(0.0)]
            size = self.width
        return nn.Sequential(*layers, nn.Linear(size, outputs))
