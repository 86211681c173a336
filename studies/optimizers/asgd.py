"""Averaged SGD."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import between, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.hooks import TrainingHooks
    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class ASGD(OptimizerChoice):
    """SGD at a constant lr that answers with the mean of its later weights.

    Helps: convex problems and small nets with noisy gradients, where the mean does what a decaying schedule
    would.
    Hurts: deep nets, whose early weights spoil the mean; superseded by moving averages and schedule-free
    methods.
    Source: Polyak and Juditsky 1992, Acceleration of stochastic approximation by averaging, SIAM J. Control
    Optim. 30.
    """

    offered: ClassVar[bool] = False  # an average beside any other optimizer does the same
    family: ClassVar[str] = "averaging"
    state_floats: ClassVar[float] = 1.0
    own_schedule: ClassVar[bool] = True

    lr: float = log_between(1e-3, 30.0, default=0.1)
    """Learning rate."""
    start: float = between(0.0, 0.9, default=0.5)
    """Share of the run after which averaging begins."""

    def in_torch(self, total_steps: int) -> dict[str, float]:
        """Return the step after which torch's ASGD averages."""
        return {"t0": self.start * total_steps}

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torch's ASGD without its decay of weights and of lr."""
        from torch import optim

        return optim.ASGD(
            routes.of(), lr=self.lr, lambd=0.0, t0=self.in_torch(total_steps)["t0"], foreach=True
        )

    def attach(self, training: TrainingHooks) -> None:
        """Have the averaged weights measured too."""
        training.readouts.append(lambda: averaged(training.optimizer))

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of the averaged weights and of three numbers a tensor.

        These are step, lr and the weight of the next average.
        """
        return super().own_bytes(shape, role) + 8


@contextmanager
def averaged(optimizer: Optimizer) -> Iterator[None]:
    """Put the averages in place of the weights inside the block."""
    import torch

    means = {parameter: state["ax"] for parameter, state in optimizer.state.items() if "ax" in state}
    originals = {parameter: parameter.detach().clone() for parameter in means}
    with torch.no_grad():
        for parameter, mean in means.items():
            parameter.copy_(mean)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, weights in originals.items():
                parameter.copy_(weights)
