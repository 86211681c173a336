"""AdamW with 4-bit states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers.quantized import Quantized

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class AdamW4bit(Quantized):
    """AdamW whose two moments are kept in 4 bits a number.

    Helps: training that AdamW's settings fit but its memory does not: 1.1 bytes of state a parameter instead
    of eight.
    Hurts: CPUs, where its step takes about 50 times AdamW's and the first one compiles for ten seconds;
        models of small tensors, which stay in 32 bits below 4,096 numbers.
    Source: Li, Chen and Zhu 2023, arXiv 2309.01507; torchao's implementation.
    """

    state_floats: ClassVar[float] = 0.266
    bits: ClassVar[int] = 4
    block: ClassVar[int] = 128
    times_slower: ClassVar[int] = 50

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torchao's AdamW4bit."""
        return self.from_torchao("AdamW4bit", routes, total_steps)
