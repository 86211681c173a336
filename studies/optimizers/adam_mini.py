"""Adam-mini."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class AdamMini(Decoupled):
    """AdamW with one second moment for each output unit instead of one for each weight.

    Helps: AdamW's settings and nearly its loss (0.88 to 1.01 of its speed) at half its state.
    Hurts: rows whose weights see gradients of very different size: one-hot inputs, unscaled columns.
    Source: Zhang et al. 2024, arXiv 2406.16793; speed computed from Wen et al. 2025, arXiv 2509.02046.
    """

    family: ClassVar[str] = "low memory"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return Adam-mini; biases and norms are not decayed, and each of them has one second moment."""
        from studies.optim.stepper import BlockwiseAdam

        groups = routes.groups(**self.in_torch(total_steps))
        return BlockwiseAdam(groups, lr=self.lr, betas=(self.beta1, self.beta2))

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of a mean for each weight and a second moment for each row or whole vector."""
        return 4 * (math.prod(shape) + (shape[0] if len(shape) >= 2 else 1))
