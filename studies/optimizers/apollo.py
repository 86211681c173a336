"""APOLLO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.extras import decay_groups, require
from studies.optimizers import OptimizerChoice
from studies.space import averaging, log_between, whole

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Apollo(OptimizerChoice):
    """Scale gradients, channel by channel, by what Adam makes of a random low-rank sketch of them.

    Helps: large transformers on one card, without the decompositions of GaLore.
    Hurts: small models, where nothing is saved; gradients whose rank is far above that of the sketch.
    Source: Zhu et al. 2024, arXiv 2412.05270.
    """

    family: ClassVar[str] = "low memory"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    decays_weights: ClassVar[bool] = True
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-4, 5e-2, default=1e-2)
    """Learning rate."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    rank: int = whole(1, 512, default=64, log=True)
    """Rank of the projection; hidden matrices with both sides longer take part, AdamW steps on the rest."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def in_torch(self, total_steps: int) -> dict[str, float]:
        """Return the weight decay that the optimizer takes."""
        return {"weight_decay": 1 / (self.lr * total_steps * self.decay_horizon)}

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's APOLLO; biases and norms are not decayed."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        decay = self.in_torch(total_steps)
        projected = [weight for weight in routes.of("matrix") if self._projects(tuple(weight.shape), "matrix")]
        known = {id(weight) for weight in projected}
        dense, exempt = decay_groups(routes, **decay)
        dense["params"] = [weight for weight in dense["params"] if id(weight) not in known]
        low_rank = {
            "params": projected,
            "rank": self.rank,
            "update_proj_gap": 200,
            "scale": 1.0,
            "projection_type": "std",
            **decay,
        }
        optimizer: Optimizer = library.APOLLO(
            [low_rank, dense, exempt],
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            scale_type="channel",
            weight_decouple=True,
        )
        return optimizer

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of two projected moments and the projection and a norm; elsewhere of two whole moments."""
        if not self._projects(shape, role):
            return super().own_bytes(shape, role)
        return 4 * (self.rank * (2 * max(shape) + min(shape)) + 1)

    def _projects(self, shape: tuple[int, ...], role: str) -> bool:
        return role == "matrix" and len(shape) == 2 and min(shape) > self.rank
