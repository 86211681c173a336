"""Adafactor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Adafactor(OptimizerChoice):
    """Adam without momentum whose mean of squares is kept as one number a row and one a column.

    Helps: memory too tight for AdamW: next to no state for matrices; close to AdamW at very small batches.
    Hurts: small nets, where it saves nothing; convolution kernels, which it hardly factors.
    Source: Shazeer and Stern 2018, arXiv 1804.04235; at batch 1: Marek et al. 2025, arXiv 2507.07101.
    """

    offered: ClassVar[bool] = False  # for limits on memory
    family: ClassVar[str] = "factored"
    state_floats: ClassVar[float] = 0.008  # 256 x 256; (rows + columns) / (rows x columns)
    decays_weights: ClassVar[bool] = True

    lr: float = log_between(1e-4, 5e-2, default=5e-3)
    """Largest step relative to a tensor's root mean square; from step t on it is at most 1 / sqrt(t)."""
    least_scale: float = log_between(1e-3, 1.0, default=0.2)
    """Root mean square that a tensor is taken to have at least, so that small nets and biases that start at
    zero move in a short run. The paper has 1e-3; 1 makes steps next to absolute."""
    weight_decay: float = log_between(1e-3, 1.0, default=0.05)
    """Share of the weights that is taken off a step, times lr."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Adafactor; biases and norms are not decayed."""
        from torch import optim

        groups = routes.groups(self.weight_decay)
        return optim.Adafactor(groups, lr=self.lr, eps=(None, self.least_scale), foreach=True)

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of the factors over the last two dimensions and of the counter.

        A vector has no factors, and keeps a whole second moment.
        """
        count = math.prod(shape)
        if len(shape) < 2:
            return 4 * (count + 1)
        return 4 * (count // shape[-1] + count // shape[-2] + 1)
