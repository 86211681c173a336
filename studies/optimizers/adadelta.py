"""Adadelta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Adadelta(OptimizerChoice):
    """Divide each gradient by its running root mean square and multiply by that of the steps taken.

    Helps: where a recipe you reproduce says Adadelta; its result hardly depends on lr.
    Hurts: short runs, which end before its tiny first steps have grown; two floats of state; rarely the best.
    Source: Zeiler 2012, arXiv 1212.5701; comparison of fifteen: Schmidt et al. 2021, arXiv 2007.01547.
    """

    offered: ClassVar[bool] = False  # rarely best, and as dear as AdamW
    family: ClassVar[str] = "adaptive"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(1e-2, 10.0, default=1.0)
    """Factor on the step it has computed."""
    rho: float = averaging(0.8, 0.99, default=0.9)
    """Decay of the running means of squares."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Adadelta, in its foreach form: it has no fused one."""
        from torch import optim

        return optim.Adadelta(routes.of(), lr=self.lr, rho=self.rho, foreach=True)
