"""AdEMAMix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, between, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class AdEMAMix(Decoupled):
    """AdamW that steps along a fast and a very slow mean of gradients.

    Helps: long language-model runs, where gradients of thousands of steps ago still point the right way.
    Hurts: short runs: the slow mean has no time to fill, and only the third float of state remains.
    Source: Pagliardini, Ablin and Grangier 2024, arXiv 2409.03137; in the lead in Semenov et al. 2025, arXiv
    2509.01440.
    """

    family: ClassVar[str] = "adaptive"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 3.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(3e-5, 1e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    beta3: float = averaging(0.99, 0.9999, default=0.999)
    """Decay of the slow mean, reached at the end of the run."""
    alpha: float = between(1.0, 8.0, default=5.0)
    """Weight of the slow mean, reached at the end of the run."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's AdEMAMix; biases and norms are not decayed.

        Its alpha and beta3 rise over the whole run.
        """
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.AdEMAMix(
            groups,
            lr=self.lr,
            betas=(self.beta1, self.beta2, self.beta3),
            alpha=self.alpha,
            t_alpha_beta3=total_steps,
            weight_decouple=True,
        )
        return optimizer
