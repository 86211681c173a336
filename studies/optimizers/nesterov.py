"""SGD with Nesterov momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Nesterov(OptimizerChoice):
    """SGD with momentum whose gradient is taken one step ahead.

    Helps: U-Nets, graph networks and batch-normalised CNNs with many trials; tolerates a higher momentum than
    the heavy ball.
    Hurts: as the heavy ball: transformers, rare tokens, unscaled inputs, few tuning trials.
    Source: Nesterov 1983; Sutskever et al. 2013; AlgoPerf targets for fastMRI and OGBG, Dahl et al. 2023,
    arXiv 2306.07179.
    """

    family: ClassVar[str] = "gradient descent"
    twin_of: ClassVar[str] = "Momentum"
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False

    lr: float = log_between(1e-3, 1.0, default=0.03)
    """Learning rate."""
    momentum: float = averaging(0.7, 0.995, default=0.9)
    """Share of the running sum that is kept at each step."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's SGD with Nesterov momentum."""
        from torch import optim

        # torch refuses nesterov with momentum 0, where it is plain SGD anyway
        return optim.SGD(
            routes.of(), lr=self.lr, momentum=self.momentum, nesterov=self.momentum > 0, fused=routes.fusable
        )
