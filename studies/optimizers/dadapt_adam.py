"""D-Adaptation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class DAdaptAdam(OptimizerChoice):
    """Adam whose learning rate is a growing lower bound on how far the weights have to go.

    The searched `lr` is a factor on that bound: 1 takes it as it is.

    Helps: no idea of the scale of lr and no trials to find it.
    Hurts: memory (three floats a parameter), short runs; Prodigy, by the same authors, finds a usable lr
    sooner.
    Source: Defazio and Mishchenko 2023, arXiv 2301.07733.
    """

    family: ClassVar[str] = "learning-rate-free"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 3.0
    counts_steps: ClassVar[bool] = False
    decays_weights: ClassVar[bool] = True
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(0.3, 3.0, default=1.0)
    """Factor on the learning rate that is found."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    weight_decay: float = log_between(1e-3, 0.3, default=0.05)
    """Share of a weight lost at each step, times the lr in use, which is found on the way: no horizon can be
    stated ahead."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return the library's DAdaptAdam; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(self.weight_decay)
        optimizer: Optimizer = library.DAdaptAdam(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), weight_decouple=True
        )
        return optimizer
