"""LARS."""

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
class LARS(OptimizerChoice):
    """Momentum whose step is scaled, layer by layer, to the norm of the weights.

    Helps: batch-normalised CNNs at batches of thousands of rows, where one lr for all layers is hard to find.
    Hurts: ordinary batches; Nesterov momentum tuned as carefully matches it even at batch 32,768.
    Source: You, Gitman and Ginsburg 2017, arXiv 1708.03888; matched in Nado et al. 2021, arXiv 2102.06356.
    """

    family: ClassVar[str] = "gradient descent"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(0.1, 50.0, default=5.0)
    """Learning rate of the scaled layers; biases and norms, which are not scaled, take a fiftieth of it."""
    momentum: float = averaging(0.7, 0.98, default=0.9)
    """Share of the running sum that is kept at each step."""
    trust_coefficient: float = log_between(5e-4, 1e-2, default=1e-3)
    """Length of a layer's step relative to its weights, at lr 1 and no momentum."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return the library's LARS."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = [{"params": routes.decayed}, {"params": routes.exempt, "lr": self.lr * UNSCALED}]
        optimizer: Optimizer = library.LARS(
            groups, lr=self.lr, momentum=self.momentum, trust_coefficient=self.trust_coefficient
        )
        return optimizer


UNSCALED = 0.02
"""Share of lr for parameters that are not scaled: plain momentum would diverge at the lr of the others."""
