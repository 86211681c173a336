"""Schedule-free AdamW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, between, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class ScheduleFreeAdamW(Decoupled):
    """AdamW whose averaged weights take the place of a learning-rate schedule.

    Helps: runs of unknown length, early stopping, pruning by early values; 10 wins, 2 losses and 5 ties on 17
    tables.
    Hurts: long or noisy runs unless beta1 rises to 0.95 or 0.98; language models, where it is in mid-field.
    Source: Defazio et al. 2024, arXiv 2405.15682; on tables: Gorishniy et al. 2026, arXiv 2604.15297.
    """

    family: ClassVar[str] = "schedule-free"
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    own_schedule: ClassVar[bool] = True
    extra: ClassVar[str] = "schedulefree: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-4, 1e-1, default=3e-3)
    """Learning rate."""
    beta1: float = averaging(0.8, 0.98, default=0.9)
    """Share of the averaged weights in those that gradients are taken at."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    warmup: float = between(0.0, 0.1, default=0.02)
    """Share of the run in which lr rises to its full value."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return schedulefree's AdamW, ready to train; biases and norms are not decayed."""
        library = require("schedulefree", "optimizers", self.name())
        optimizer: Optimizer = library.AdamWScheduleFree(
            routes.groups(**self.in_torch(total_steps)),
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            warmup_steps=round(self.warmup * total_steps),
        )
        optimizer.train()  # type: ignore[attr-defined]
        return optimizer
