"""Signum."""

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
class Signum(Decoupled):
    """Step by the sign of momentum.

    Helps: half of Adam's state and one number fewer to tune than Lion; large batches, training over slow
    links.
    Hurts: small batches and noisy small data, as Lion.
    Source: Bernstein et al. 2018, arXiv 1802.04434; compared in Semenov, Pagliardini and Jaggi 2025, arXiv
    2509.01440.
    """

    family: ClassVar[str] = "sign"
    twin_of: ClassVar[str] = "Lion"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-6, 5e-3, default=1e-3)
    """Learning rate."""
    momentum: float = averaging(0.7, 0.99, default=0.9)
    """Decay of the running mean of gradients whose sign is taken."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's SignSGD; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.SignSGD(
            groups, lr=self.lr, momentum=self.momentum, weight_decouple=True
        )
        return optimizer
