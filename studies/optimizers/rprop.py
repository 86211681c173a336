"""Rprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Rprop(OptimizerChoice):
    """A step length for each weight: it grows while the gradient keeps its sign and halves when it flips.

    Helps: gradients of the whole training set on a small net: no scaling of inputs, next to no tuning.
    Hurts: batches, whose noise flips signs; many rows, for each step reads them all.
    Source: Riedmiller and Braun 1993, A direct adaptive method for faster backpropagation learning, ICNN.
    """

    offered: ClassVar[bool] = False  # for small nets on whole training sets only
    family: ClassVar[str] = "sign"
    state_floats: ClassVar[float] = 2.0
    full_batch: ClassVar[bool] = True
    own_schedule: ClassVar[bool] = True

    lr: float = log_between(1e-4, 0.1, default=1e-2)
    """First step length of every weight; none after the first depends on it."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Rprop, in its foreach form: it has no fused one."""
        from torch import optim

        return optim.Rprop(routes.of(), lr=self.lr, foreach=True)
