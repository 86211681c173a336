"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.routing import fusable, trained
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


@dataclass(frozen=True, kw_only=True)
class Adam(OptimizerChoice):
    """Momentum divided by a running root mean square of the gradient.

    Helps: where a recipe you reproduce says Adam; without weight decay it is AdamW exactly.
    Hurts: with an L2 penalty, which its division weakens for the weights with the largest gradients; two floats of state.
    Source: Kingma and Ba 2015, arXiv 1412.6980.
    """

    offered: ClassVar[bool] = False  # with the L2 off it repeats AdamW, with it on AdamW is the better form
    family: ClassVar[str] = "adaptive"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""

    def build(self, model: nn.Module, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Adam."""
        from torch import optim

        return optim.Adam(trained(model), lr=self.lr, betas=(self.beta1, self.beta2), fused=fusable(model))
