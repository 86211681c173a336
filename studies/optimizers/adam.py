"""Adam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import OneOf, averaging, log_between, unsearched

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Adam(OptimizerChoice):
    """Momentum divided by a running root mean square of the gradient.

    Helps: where a recipe you reproduce says Adam; without weight decay it is AdamW exactly.
    Hurts: with an L2 penalty, which its division weakens for the weights with the largest gradients; two
    floats of state.
    Source: Kingma and Ba 2015, arXiv 1412.6980.
    """

    offered: ClassVar[bool] = False  # with the L2 off it repeats AdamW, with it on AdamW is the better form
    family: ClassVar[str] = "adaptive"
    twin_of: ClassVar[str] = "AdamW"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    amsgrad: bool = unsearched(OneOf(options=(False, True), default=False))
    """Whether it divides by the largest mean of squares so far, a third float of state: Reddi et al. 2018,
    arXiv 1904.09237. Not searched: in runs of some hundred steps it changes nothing, as the mean hardly
    falls."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's Adam."""
        from torch import optim

        betas = (self.beta1, self.beta2)
        return optim.Adam(routes.of(), lr=self.lr, betas=betas, amsgrad=self.amsgrad, fused=routes.fusable)

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of two moments, or three with amsgrad, and of the step counter."""
        return super().own_bytes(shape, role) + (4 * math.prod(shape) if self.amsgrad else 0)
