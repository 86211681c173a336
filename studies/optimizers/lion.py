"""Lion."""

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
class Lion(Decoupled):
    """Step by the sign of a blend of momentum and gradient.

    Helps: half of Adam's state; large batches and transformers, with a smaller lr and a stronger decay than
    AdamW's.
    Hurts: small batches and small noisy tables, where signs of noise are steps as large as any.
    Source: Chen et al. 2023, arXiv 2302.06675; on tables, 3 wins and 7 losses of 17: Gorishniy et al. 2026,
    arXiv 2604.15297.
    """

    family: ClassVar[str] = "sign"
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-6, 5e-3, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.8, 0.98, default=0.9)
    """Share of the momentum in the blend whose sign is taken."""
    beta2: float = averaging(0.9, 0.999, default=0.98)
    """Decay of the momentum."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's Lion; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.Lion(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), weight_decouple=True
        )
        return optimizer
