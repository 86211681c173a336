"""Low-rank projection: GaLore and APOLLO step on hidden matrices in it, AdamW steps on the rest."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from studies.optimizers import Decoupled
from studies.space import averaging, log_between, whole

if TYPE_CHECKING:
    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class LowRank(Decoupled, ABC):
    """Base of optimizers that keep their moments for a projection of each hidden matrix."""

    family: ClassVar[str] = "low memory"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"
    scale: ClassVar[float]
    """Factor on the step of the projected matrices."""
    spare_floats: ClassVar[int] = 0
    """Numbers kept for a projected matrix beside its moments and its projection."""

    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the running mean of squares."""
    rank: int = whole(1, 512, default=64, log=True)
    """Rank of the projection; hidden matrices with both sides longer take part, AdamW steps on the rest."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    def groups(self, routes: Routes, total_steps: int) -> list[dict[str, Any]]:
        """Return three parameter groups: projected, whole, and whole without decay (biases and norms)."""
        decay = self.in_torch(total_steps)
        projected = [
            weight for weight in routes.of("matrix") if self._projects(tuple(weight.shape), "matrix")
        ]
        known = {id(weight) for weight in projected}
        dense, exempt = routes.groups(**decay)
        dense["params"] = [weight for weight in dense["params"] if id(weight) not in known]
        low_rank = {
            "rank": self.rank,
            "update_proj_gap": 200,
            "scale": self.scale,
            "projection_type": "std",
            **decay,
        }
        return [{"params": projected, **low_rank}, dense, exempt]

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of two projected moments and the projection; elsewhere of two whole moments."""
        if not self._projects(shape, role):
            return super().own_bytes(shape, role)
        return 4 * (self.rank * (2 * max(shape) + min(shape)) + self.spare_floats)

    def _projects(self, shape: tuple[int, ...], role: str) -> bool:
        return role == "matrix" and len(shape) == 2 and min(shape) > self.rank
