"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class RMSprop(OptimizerChoice):
    """Divide each gradient by a running root mean square of itself.

    Helps: recurrent nets, reinforcement learning, gradients that change over time; one float of state less
    than Adam.
    Hurts: long runs without a decaying schedule, where it keeps bouncing; no momentum of its own here.
    Source: Tieleman and Hinton 2012, Coursera lecture 6.5.
    """

    family: ClassVar[str] = "adaptive"
    state_floats: ClassVar[float] = 1.0

    lr: float = log_between(1e-5, 1e-1, default=1e-3)
    """Learning rate."""
    alpha: float = averaging(0.9, 0.999, default=0.99)
    """Decay of the running mean of squares."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's RMSprop, in its foreach form: it has no fused one."""
        from torch import optim

        return optim.RMSprop(routes.of(), lr=self.lr, alpha=self.alpha, foreach=True)
