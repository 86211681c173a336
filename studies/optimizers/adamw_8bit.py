"""AdamW with 8-bit states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers.quantized import Quantized

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class AdamW8bit(Quantized):
    """AdamW whose two moments are kept in 8 bits a number.

    Helps: training that AdamW's settings fit but its memory does not: 2.1 bytes of state a parameter instead
    of eight.
    Hurts: CPUs, where its step takes about 50 times AdamW's and the first one compiles for ten seconds;
        models of small tensors, which stay in 32 bits below 4,096 numbers.
    Source: Dettmers et al. 2022, arXiv 2110.02861; torchao's implementation.
    """

    state_floats: ClassVar[float] = 0.516
    bits: ClassVar[int] = 8
    block: ClassVar[int] = 256
    times_slower: ClassVar[int] = 50

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torchao's AdamW8bit."""
        return self.from_torchao("AdamW8bit", routes, total_steps)
