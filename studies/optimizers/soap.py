"""SOAP."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, log_between, whole

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class SOAP(Decoupled):
    """Adam in the eigenbasis of Shampoo's preconditioner, refreshed every few steps.

    Helps: language models whose steps cost far more than the optimizer: 1.06 to 1.37 times AdamW's speed.
    Hurts: memory (six floats a parameter on square weights, more on oblong ones); CPUs, where a step costs 85
    times AdamW's.
    Source: Vyas et al. 2024, arXiv 2409.11321; speed computed from Wen et al. 2025, arXiv 2509.02046.
    """

    family: ClassVar[str] = "matrix"
    twin_of: ClassVar[str] = "Shampoo"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 6.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-4, 3e-2, default=3e-3)
    """Learning rate."""
    beta1: float = averaging(0.8, 0.98, default=0.95)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.8, 0.999, default=0.98)
    """Decay of the running means of squares and of the preconditioner."""
    precondition_frequency: int = whole(1, 100, default=10, log=True)
    """Steps between two refreshments of the eigenbasis."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's SOAP; biases and norms are not decayed.

        Sides above 1,024 are not rotated.
        """
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.SOAP(
            groups,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            precondition_frequency=self.precondition_frequency,
            max_precondition_dim=LONGEST,
        )
        return optimizer

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of two moments, a preconditioner and an eigenbasis.

        The latter two are there for each side of a weight.
        """
        sides = sum(2 * side**2 for side in shape if side <= LONGEST) if len(shape) >= 2 else 0
        return 4 * (2 * math.prod(shape) + sides)


LONGEST = 1024
"""Longest side that is rotated; an eigenbasis of more costs seconds."""
