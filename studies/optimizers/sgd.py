"""Plain stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class SGD(OptimizerChoice):
    """Step against the gradient of a batch; batch size 1 is per-sample, the whole set is gradient descent.

    Helps: small batches (1 to 64, below the gradient noise scale), no memory for state at all, convex
    problems on scaled inputs.
    Hurts: heavy-tailed classes, rare tokens, attention at large batches, unscaled inputs; a good lr takes
    more trials to find.
    Source: Robbins and Monro 1951; batch-1 language models in Marek et al. 2025, arXiv 2507.07101.
    """

    family: ClassVar[str] = "gradient descent"
    state_floats: ClassVar[float] = 0.0
    counts_steps: ClassVar[bool] = False
    takes_sparse: ClassVar[bool] = True

    lr: float = log_between(1e-3, 5.0, default=0.1)
    """Learning rate."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's SGD without momentum."""
        from torch import optim

        return optim.SGD(routes.of(), lr=self.lr, fused=routes.fusable)
