"""Adamax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Adamax(OptimizerChoice):
    """Adam that divides by a decaying maximum of the gradient instead of its root mean square.

    Helps: gradients with rare spikes, as of embeddings: one spike bounds the steps after it.
    Hurts: where AdamW does well already: same state, no decay of its own, little evidence of a gain.
    Source: Kingma and Ba 2015, section 7.1, arXiv 1412.6980.
    """

    offered: ClassVar[bool] = False  # no evidence of a gain over AdamW
    family: ClassVar[str] = "adaptive"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(1e-4, 3e-2, default=2e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running maximum."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Adamax, in its foreach form: it has no fused one."""
        from torch import optim

        return optim.Adamax(routes.of(), lr=self.lr, betas=(self.beta1, self.beta2), foreach=True)
