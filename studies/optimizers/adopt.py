"""ADOPT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class ADOPT(Decoupled):
    """Adam that divides by the second moment of the step before, so that it converges with any beta2.

    Helps: noisy gradients where AdamW needs its beta2 tuned.
    Hurts: very short runs: the first step only fills the second moment; elsewhere it ties with AdamW.
    Source: Taniguchi et al. 2024, arXiv 2411.02853; compared in Semenov, Pagliardini and Jaggi 2025, arXiv
    2509.01440.
    """

    family: ClassVar[str] = "adaptive"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(3e-5, 1e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's ADOPT; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.ADOPT(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), weight_decouple=True
        )
        return optimizer
