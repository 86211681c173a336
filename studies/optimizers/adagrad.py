"""Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Adagrad(OptimizerChoice):
    """Divide each gradient by the root of the sum of all its squares so far.

    Helps: sparse inputs (bags of words, one-hot columns, recommender tables), unscaled features; a constant
    lr works.
    Hurts: long runs of deep nets, where the steps die away.
    Source: Duchi, Hazan and Singer 2011, JMLR 12.
    """

    family: ClassVar[str] = "accumulating"
    state_floats: ClassVar[float] = 1.0
    takes_sparse: ClassVar[bool] = True

    lr: float = log_between(1e-3, 1.0, default=0.03)
    """Learning rate."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Adagrad."""
        from torch import optim

        return optim.Adagrad(routes.of(), lr=self.lr, fused=routes.fusable)
