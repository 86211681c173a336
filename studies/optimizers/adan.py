"""Adan."""

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
class Adan(Decoupled):
    """Adam with a third moment: the running mean of how the gradient changes, as Nesterov momentum.

    Helps: tables and CNNs when memory is plenty: 6 wins, 2 losses and 9 ties against AdamW on 17 tables.
    Hurts: tight memory: four floats of state a parameter.
    Source: Xie et al. 2022, arXiv 2208.06677; on tables: Gorishniy et al. 2026, arXiv 2604.15297.
    """

    family: ClassVar[str] = "adaptive"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 4.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-4, 1e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.9, 0.995, default=0.98)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.8, 0.99, default=0.92)
    """Decay of the running mean of gradient changes."""
    beta3: float = averaging(0.9, 0.999, default=0.99)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's Adan; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.Adan(
            groups, lr=self.lr, betas=(self.beta1, self.beta2, self.beta3), weight_decouple=True
        )
        return optimizer
