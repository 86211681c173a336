"""Stochastic depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studies.regularizers import RegularizerChoice
from studies.space import between

if TYPE_CHECKING:
    from torch import nn

    from studies.data.inputs import Inputs
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class StochasticDepth(RegularizerChoice):
    """Leave out whole residual blocks in training, at random for each row, later ones more often.

    Helps: deep residual nets and transformers on long runs.
    Hurts: shallow nets, short runs; models without residual blocks have nothing to leave out.
    Source: Huang et al. 2016, arXiv 1603.09382.
    """

    rate: float = between(0.02, 0.3, default=0.1)
    """Probability that the last block is left out; it grows in equal steps from the first block to there."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether the model has blocks that can be left out: modules with a number `drop_path`."""
        return bool(_blocks(model))

    def attach(self, training: TrainingHooks) -> None:
        """Set the rate of every block."""
        blocks = _blocks(training.model)
        for index, block in enumerate(blocks, start=1):
            block.drop_path = self.rate * index / len(blocks)


def _blocks(model: nn.Module) -> list[Any]:
    return [module for module in model.modules() if isinstance(getattr(module, "drop_path", None), float)]
