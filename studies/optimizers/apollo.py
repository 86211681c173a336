"""APOLLO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers.low_rank import LowRank
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Apollo(LowRank):
    """Scale gradients, channel by channel, by what Adam makes of a random low-rank sketch of them.

    Helps: large transformers on one card, without the decompositions of GaLore.
    Hurts: small models, where nothing is saved; gradients whose rank is far above that of the sketch.
    Source: Zhu et al. 2024, arXiv 2412.05270.
    """

    scale: ClassVar[float] = 1.0
    spare_floats: ClassVar[int] = 1  # the norm of the last step

    lr: float = log_between(1e-4, 5e-2, default=1e-2)
    """Learning rate."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's APOLLO; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        optimizer: Optimizer = library.APOLLO(
            self.groups(routes, total_steps),
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            scale_type="channel",
            weight_decouple=True,
        )
        return optimizer
