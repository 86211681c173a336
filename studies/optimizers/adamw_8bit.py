"""AdamW with 8-bit states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.extras import decay_groups, require
from studies.facts import Facts
from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.routing import Routes


@dataclass(frozen=True, kw_only=True)
class AdamW8bit(OptimizerChoice):
    """AdamW whose two moments are kept in 8 bits a number.

    Helps: training that AdamW's settings fit but its memory does not: 2.1 bytes of state a parameter instead of eight.
    Hurts: CPUs, where its step takes 40 times AdamW's; models of small tensors, which stay in 32 bits below 4,096 numbers.
    Source: Dettmers et al. 2022, arXiv 2110.02861; torchao's implementation.
    """

    family: ClassVar[str] = "low memory"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 0.516
    decays_weights: ClassVar[bool] = True
    extra: ClassVar[str] = "torchao: pip install 'optimizer-advisor[quant]'"

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:
        """Return that it is slow on a CPU."""
        return "its step is 40 times AdamW's on a CPU" if facts.device == "cpu" else None

    def in_torch(self, total_steps: int) -> dict[str, float]:
        """Return the weight decay that the optimizer takes."""
        return {"weight_decay": 1 / (self.lr * total_steps * self.decay_horizon)}

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torchao's AdamW8bit; biases and norms are not decayed."""
        library = require("torchao.optim", "quant", self.name())
        from studies.steps import lr_as_tensor

        groups = decay_groups(routes, **self.in_torch(total_steps))
        optimizer: Optimizer = library.AdamW8bit(groups, lr=self.lr, betas=(self.beta1, self.beta2), block_size=256)
        optimizer.register_step_pre_hook(lr_as_tensor)
        return optimizer

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of two quantized moments and a step counter."""
        from studies.steps import quantized_bytes

        return 2 * quantized_bytes(math.prod(shape), bits=8, block=256) + 4
