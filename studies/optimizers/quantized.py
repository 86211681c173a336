"""Quantized AdamW: what AdamW8bit and AdamW4bit share, all but the bits."""

from __future__ import annotations

import math
from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.facts import Facts
from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Quantized(Decoupled, ABC):
    """Base of torchao's AdamW, whose moments are kept in a few bits a number."""

    family: ClassVar[str] = "low memory"
    offered: ClassVar[bool] = False
    extra: ClassVar[str] = "torchao: pip install 'optimizer-advisor[quant]'"
    bits: ClassVar[int]
    """Of each number of a moment."""
    block: ClassVar[int]
    """Numbers that share a scale."""
    times_slower: ClassVar[int]
    """Its step beside that of torch's fused AdamW, on a CPU."""

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
        """Return why it cannot train this: it is slow on a CPU."""
        return f"its step is {cls.times_slower} times AdamW's on a CPU" if facts.device == "cpu" else None

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of two quantized moments and a step counter."""
        from studies.optim.stepper import quantized_bytes

        return 2 * quantized_bytes(math.prod(shape), bits=self.bits, block=self.block) + 4

    def from_torchao(self, kind: str, routes: Routes, total_steps: int) -> Optimizer:
        """Return torchao's optimizer of this name over two groups: biases and norms are not decayed."""
        library = require("torchao.optim", "quant", self.name())
        from studies.optim.stepper import lr_as_tensor

        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = getattr(library, kind)(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), block_size=self.block
        )
        optimizer.register_step_pre_hook(lr_as_tensor)
        return optimizer
