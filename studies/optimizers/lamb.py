"""LAMB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class LAMB(Decoupled):
    """AdamW whose update is scaled, layer by layer, to the norm of the weights.

    Helps: batches of thousands of rows, where one lr for all layers is hard to find.
    Hurts: ordinary batches; AdamW tuned as carefully matches it even at batch 32,768.
    Source: You et al. 2020, arXiv 1904.00962; matched in Nado et al. 2021, arXiv 2102.06356.
    """

    family: ClassVar[str] = "adaptive"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-4, 1e-1, default=1e-2)
    """Learning rate."""
    beta1: float = averaging(0.7, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's Lamb; biases and norms are neither decayed nor scaled."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        scaled, rest = routes.groups(**self.in_torch(total_steps))
        # a single number scaled to itself could never change its sign
        alone = [weight for weight in scaled["params"] if weight.numel() == 1]
        scaled["params"] = [weight for weight in scaled["params"] if weight.numel() > 1]
        groups = [scaled, {**rest, "params": [*alone, *rest["params"]], "adam": True}]
        optimizer: Optimizer = library.Lamb(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), weight_decouple=True
        )
        return optimizer

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of two moments and of three numbers: two norms and their ratio.

        The norms are those of weights and update.
        """
        return super().own_bytes(shape, role) + 12
