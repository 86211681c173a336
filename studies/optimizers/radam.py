"""RAdam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class RAdam(Decoupled):
    """AdamW whose first steps are held back for as long as its mean of squares rests on few gradients.

    Helps: where no warmup can be had: it has one built in.
    Hurts: where AdamW runs with a warmup already; level with it on tables (12 of 17 ties), a slower step.
    Source: Liu et al. 2020, arXiv 1908.03265; on tables: Gorishniy et al. 2026, arXiv 2604.15297.
    """

    offered: ClassVar[bool] = False  # a tie with AdamW and a warmup
    family: ClassVar[str] = "adaptive"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.99)
    """Decay of the running mean of squares; the closer to 1, the longer the steps are held back."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon). 100 is next
    to none."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torch's RAdam with decoupled decay; biases and norms are not decayed."""
        from torch import optim

        groups = routes.groups(**self.in_torch(total_steps))
        return optim.RAdam(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), decoupled_weight_decay=True, foreach=True
        )
