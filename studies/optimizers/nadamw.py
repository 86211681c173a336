"""NAdamW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class NAdamW(Decoupled):
    """AdamW whose momentum looks one step ahead, as Nesterov's does.

    Helps: transformers: it beat AdamW in 17 of 18 language-model runs of one benchmark; level with it on
    tables.
    Hurts: where the optimizer is a large share of the step, for torch has no fused form of it; tight memory.
    Source: Dozat 2016; AlgoPerf's baseline, Dahl et al. 2023, arXiv 2306.07179; Wen et al. 2025, arXiv
    2509.02046.
    """

    family: ClassVar[str] = "adaptive"
    twin_of: ClassVar[str] = "AdamW"
    state_floats: ClassVar[float] = 2.0

    lr: float = log_between(3e-5, 3e-2, default=1e-3)
    """Learning rate."""
    beta1: float = averaging(0.85, 0.996, default=0.95)
    """Decay of the running mean of gradients; torch lets it grow to this value, half of it at first."""
    beta2: float = averaging(0.9, 0.9999, default=0.99)
    """Decay of the running mean of squares."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon). 100 is next
    to none."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torch's NAdam with decoupled decay; biases and norms are not decayed."""
        from torch import optim

        groups = routes.groups(**self.in_torch(total_steps))
        return optim.NAdam(
            groups, lr=self.lr, betas=(self.beta1, self.beta2), decoupled_weight_decay=True, foreach=True
        )

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of the two moments, the step counter and the running product of the momenta."""
        return super().own_bytes(shape, role) + 4
