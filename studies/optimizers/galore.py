"""GaLore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers.low_rank import LowRank
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class GaLore(LowRank):
    """Adam on gradients projected to a low rank, along directions renewed every 200 steps.

    Helps: large transformers on one card: hidden matrices need 2 x rank / shorter side of a float, not two.
    Hurts: small models, where nothing is saved; every renewal takes a singular value decomposition of each
    matrix.
    Source: Zhao et al. 2024, arXiv 2403.03507.
    """

    scale: ClassVar[float] = 0.25

    lr: float = log_between(1e-4, 3e-2, default=5e-3)
    """Learning rate."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's GaLore; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = self.groups(routes, total_steps)
        optimizer: Optimizer = library.GaLore(groups, lr=self.lr, betas=(self.beta1, self.beta2))
        return optimizer
