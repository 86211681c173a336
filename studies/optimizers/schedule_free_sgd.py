"""Schedule-free SGD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import OptimizerChoice
from studies.space import averaging, between, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeSGD(OptimizerChoice):
    """SGD whose averaged weights take the place of momentum and of a learning-rate schedule.

    Helps: batch-normalised CNNs in runs of unknown length, at half the state of schedule-free AdamW.
    Hurts: transformers and unscaled inputs, as SGD; its lr is 10 to 50 times that of SGD with momentum.
    Source: Defazio et al. 2024, arXiv 2405.15682.
    """

    family: ClassVar[str] = "schedule-free"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False
    own_schedule: ClassVar[bool] = True
    extra: ClassVar[str] = "schedulefree: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-2, 50.0, default=1.0)
    """Learning rate."""
    momentum: float = averaging(0.8, 0.98, default=0.9)
    """Share of the averaged weights in those that gradients are taken at."""
    warmup: float = between(0.0, 0.1, default=0.02)
    """Share of the run in which lr rises to its full value."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return schedulefree's SGD, ready to train."""
        library = require("schedulefree", "optimizers", self.name())
        optimizer: Optimizer = library.SGDScheduleFree(
            routes.of(), lr=self.lr, momentum=self.momentum, warmup_steps=round(self.warmup * total_steps)
        )
        optimizer.train()  # type: ignore[attr-defined]
        return optimizer
