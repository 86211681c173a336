"""SGD with heavy-ball momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Momentum(OptimizerChoice):
    """SGD along a decaying sum of past gradients (heavy ball).

    Helps: batch-normalised CNNs with long budgets, half the state of Adam; it set AlgoPerf's ImageNet ResNet
    target.
    Hurts: transformers, rare tokens, unscaled inputs, few tuning trials: lr and momentum must be found
    together.
    Source: Polyak 1964; Sutskever et al. 2013; AlgoPerf search spaces, Dahl et al. 2023, arXiv 2306.07179.
    """

    family: ClassVar[str] = "gradient descent"
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False

    lr: float = log_between(1e-3, 1.0, default=0.03)
    """Learning rate."""
    momentum: float = averaging(0.7, 0.995, default=0.9)
    """Share of the running sum that is kept at each step."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's SGD with momentum."""
        from torch import optim

        return optim.SGD(routes.of(), lr=self.lr, momentum=self.momentum, fused=routes.fusable)
