"""CAME."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class CAME(Decoupled):
    """Adafactor with momentum, whose steps shrink where momentum and update disagree.

    Helps: large transformers: about half of AdamW's state with momentum kept.
    Hurts: small models, where the memory saved is nothing and a step costs 2.5 times AdamW's.
    Source: Luo et al. 2023, arXiv 2307.02047.
    """

    family: ClassVar[str] = "factored"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.03
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-5, 5e-3, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    beta3: float = averaging(0.99, 0.99999, default=0.9999)
    """Decay of the running mean of squared disagreements."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's CAME; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.CAME(
            groups, lr=self.lr, betas=(self.beta1, self.beta2, self.beta3), weight_decouple=True
        )
        return optimizer

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of momentum, row and column means, and the size of the weights.

        Vectors have a full second moment.
        """
        size = math.prod(shape)
        if len(shape) < 2:
            return 4 * (2 * size + 1)
        return 4 * (size + 2 * (size // shape[-1] + size // shape[-2]) + 1)
