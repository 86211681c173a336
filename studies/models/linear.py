"""A linear model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Linear(ModelChoice):
    """Logistic or linear regression on the flattened inputs.

    Helps: as the first thing to beat; very few rows, very many columns.
    Hurts: anything with interactions between columns.
    Source: Cox 1958; the softmax form: Bridle 1990.
    """

    searched: ClassVar[bool] = False

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return Flatten and one Linear layer."""
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(inputs.size, outputs))
