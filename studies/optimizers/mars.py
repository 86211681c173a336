"""MARS."""

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
class MARS(Decoupled):
    """AdamW on gradients corrected by how they changed since the last step, which lowers their variance.

    Helps: language models at a peak lr of several thousandths.
    Hurts: three floats of state; the gain over AdamW is within 0.9 to 1.16 of its speed; vectors are stepped
    by AdamW.
    Source: Yuan et al. 2024, arXiv 2411.10438; speed computed from Wen et al. 2025, arXiv 2509.02046.
    """

    family: ClassVar[str] = "adaptive"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 3.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(3e-4, 3e-2, default=4e-3)
    """Learning rate."""
    beta1: float = averaging(0.8, 0.99, default=0.95)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.999, default=0.99)
    """Decay of the running mean of squares."""
    gamma: float = log_between(0.005, 0.1, default=0.025)
    """Strength of the correction."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's MARS, in its AdamW form; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.MARS(
            groups,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            gamma=self.gamma,
            lr_1d=self.lr,
            weight_decay_1d=0.0,
            weight_decouple=True,
        )
        return optimizer
