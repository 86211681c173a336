"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.regularizers import RegularizerChoice
from studies.space import between

if TYPE_CHECKING:
    from torch import nn

    from studies.data.inputs import Inputs
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class Dropout(RegularizerChoice):
    """Zero a random share of the activations at every training step, through the model's own dropout layers.

    Helps: wide layers on small data; AdamW on tables (tuned median 0.3).
    Hurts: short runs, small nets, regression; Muon likes none.
    Source: Srivastava et al. 2014, JMLR 15; tuned rates: Gorishniy et al. 2026, arXiv 2604.15297.
    """

    rate: float = between(0.02, 0.5, default=0.2)
    """Share of activations that is zeroed."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether the model has dropout layers."""
        return bool(_layers(model))

    def attach(self, training: TrainingHooks) -> None:
        """Set the rate of every dropout layer."""
        for layer in _layers(training.model):
            layer.p = self.rate


def _layers(model: nn.Module) -> list[nn.modules.dropout._DropoutNd]:
    from torch.nn.modules.dropout import _DropoutNd

    return [module for module in model.modules() if isinstance(module, _DropoutNd)]
