"""AdamW."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import Decoupled
from studies.space import OneOf, averaging, log_between, unsearched

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class AdamW(Decoupled):
    """Adam with decoupled weight decay.

    Helps: the safe default nearly everywhere; the easiest to tune when only a few trials can be had.
    Hurts: tight memory (two floats of state a parameter), huge sparse tables, large lr without warmup.
    Source: Loshchilov and Hutter 2019, arXiv 1711.05101; decay as a horizon: Wang and Aitchison 2025, arXiv
    2405.13698.
    """

    family: ClassVar[str] = "adaptive"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon), so it keeps
    its meaning when lr or the length of the run changes. 100 is next to none; tuned tables lie at 0.4 to
    1.8."""
    amsgrad: bool = unsearched(OneOf(options=(False, True), default=False))
    """Whether it divides by the largest mean of squares so far, a third float of state: Reddi et al. 2018,
    arXiv 1904.09237. Not searched: in runs of some hundred steps it changes nothing, as the mean hardly
    falls."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torch's AdamW; biases and norms are not decayed."""
        from torch import optim

        groups = routes.groups(**self.in_torch(total_steps))
        betas = (self.beta1, self.beta2)
        return optim.AdamW(groups, lr=self.lr, betas=betas, amsgrad=self.amsgrad, fused=routes.fusable)

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of two moments, or three with amsgrad, and of the step counter."""
        return super().own_bytes(shape, role) + (4 * math.prod(shape) if self.amsgrad else 0)
