"""Muon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from studies.optimizers import OptimizerChoice
from studies.optimizers.adamw import AdamW
from studies.space import averaging, log_between, one_of

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.facts import Facts
    from studies.optim.routing import Routes

LEAST_SHARE: Final = 0.3
"""Share of the parameters it must serve to differ from AdamW."""


@dataclass(frozen=True, kw_only=True)
class Muon(OptimizerChoice):
    """Momentum made orthogonal for each hidden matrix; AdamW takes last layer, embeddings, biases, norms.

    Helps: hidden weights that hold most parameters, large batches; beats AdamW on 12 of 17 tables, loses on
    2; half the state.
    Hurts: linear models, models that are mostly embeddings, fine-tuning after AdamW, wide layers on a CPU: a
    dear step.
    Source: Jordan et al. 2024; its scale: Liu et al. 2025, arXiv 2502.16982; on tables: Gorishniy et al.
    2026, arXiv 2604.15297.
    """

    family: ClassVar[str] = "matrix"
    state_floats: ClassVar[float] = 1.0
    counts_steps: ClassVar[bool] = False
    decays_weights: ClassVar[bool] = True

    lr: float = log_between(3e-5, 1e-1, default=3e-3)
    """Learning rate of the matrices. A step's root mean square is 0.2 x lr, near AdamW's, so that its rates
    carry over."""
    momentum: float = averaging(0.8, 0.99, default=0.95)
    """Decay of the running mean of gradients."""
    nesterov: bool = one_of(True, False, default=True)  # noqa: FBT003
    """Whether the mean looks one step ahead."""
    weight_decay: float = log_between(0.01, 2.0, default=0.1)
    """Share of the weights that is taken off a step, times the learning rate; not of biases and norms."""
    partner_lr_ratio: float = log_between(0.05, 1.0, default=0.25)
    """Learning rate of AdamW on all but the matrices, as a multiple of lr; good ones lie at 0.2 to 0.3."""

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:
        """Return why AdamW would step on nearly everything; None where it would not."""
        share = facts.matrix_share + facts.convolution_share
        if facts.is_linear:
            return (
                "a linear model has no hidden weights, and it steps on these alone: "
                f"{100 * share:.0f} % of the parameters"
            )
        if share < LEAST_SHARE:
            return (
                f"only {100 * share:.0f} % of the parameters are hidden weights, and it steps on these alone"
            )
        return None

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return our own Muon in 32 bits, with torch's AdamW beside it for what is no hidden matrix."""
        from studies.optim import muon
        from studies.optim.composite import Composite

        parts: list[Optimizer] = []
        if matrices := routes.of("matrix"):
            hidden = muon.Muon(
                matrices,
                lr=self.lr,
                momentum=self.momentum,
                nesterov=self.nesterov,
                weight_decay=self.weight_decay,
            )
            parts.append(hidden)
        rest = routes.without("matrix")
        if rest.roles:
            parts.append(self._partner(rest))
        return parts[0] if len(parts) == 1 else Composite(parts)

    def _partner(self, routes: Routes) -> Optimizer:
        from torch import optim

        groups = routes.groups(self.weight_decay)
        return optim.AdamW(groups, lr=self.lr * self.partner_lr_ratio, fused=routes.fusable)

    def serves(self, role: str) -> str:
        """Return AdamW for all but hidden matrices and sparse tables."""
        return super().serves(role) if role in {"matrix", "sparse table"} else AdamW.name()

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of the momentum, or of AdamW's state."""
        return 4 * math.prod(shape) if role == "matrix" else AdamW().own_bytes(shape, role)
