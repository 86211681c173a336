"""Prodigy."""

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
class Prodigy(OptimizerChoice):
    """AdamW that estimates its learning rate from how far the weights have to go.

    The searched `lr` scales that estimate (d_coef in the paper): 1 takes it as it is, and torch's own lr
    stays 1.

    Helps: fewer than five trials and no idea of the scale of lr; fine-tuning.
    Hurts: memory (four floats a parameter), short runs, which end before the estimate has grown; studies that
    can afford trials.
    Source: Mishchenko and Defazio 2023, arXiv 2306.06101.
    """

    family: ClassVar[str] = "learning-rate-free"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 4.0
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

    def in_torch(self, total_steps: int) -> dict[str, float]:  # noqa: ARG002
        """Return what the library takes: `lr` is its d_coef."""
        return {"lr": 1.0, "d_coef": self.lr}

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's Prodigy, safe under warmup; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        optimizer: Optimizer = library.Prodigy(
            routes.groups(self.weight_decay),
            **self.in_torch(total_steps),
            betas=(self.beta1, self.beta2),
            weight_decouple=True,
            bias_correction=True,
            safeguard_warmup=True,
        )
        return optimizer
