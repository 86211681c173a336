"""Shampoo."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.facts import Facts
from studies.imports import require
from studies.optimizers import Decoupled
from studies.space import averaging, log_between, whole

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Shampoo(Decoupled):
    """Precondition both sides of a weight by roots of gradient statistics, at RMSprop's step length.

    Helps: accelerators and long runs; the distributed version won AlgoPerf's external tuning, 28 % faster
    than NAdamW.
    Hurts: CPUs and short runs: its matrix roots are slow there, and nothing is preconditioned before they are
    first taken.
    Source: Gupta et al. 2018, arXiv 1802.09568; Anil et al. 2020, arXiv 2002.09018; AlgoPerf results, arXiv
    2502.15015.
    """

    family: ClassVar[str] = "matrix"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 7.0
    counts_steps: ClassVar[bool] = False
    extra: ClassVar[str] = "pytorch_optimizer: pip install 'optimizer-advisor[optimizers]'"

    lr: float = log_between(1e-4, 1e-2, default=1.5e-3)
    """Learning rate."""
    beta1: float = averaging(0.85, 0.99, default=0.95)
    """Decay of the momentum."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the gradient statistics."""
    precondition_frequency: int = whole(20, 200, default=50, log=True)
    """Steps between two computations of the roots."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:
        """Return why it cannot train this: on a CPU its matrix roots take too long, but for small models."""
        if facts.device == "cpu" and facts.parameters > CPU_LIMIT:
            return (
                f"on a CPU its matrix roots take 0.16 s at {CPU_LIMIT:,} parameters already; "
                f"this model has {facts.parameters:,}"
            )
        return None

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the library's scalable Shampoo; biases and norms are neither decayed nor preconditioned."""
        library = require("pytorch_optimizer", "optimizers", self.name())
        graft = require("pytorch_optimizer.optimizer.utils.graft", "optimizers", self.name())
        groups = routes.groups(**self.in_torch(total_steps))
        optimizer: Optimizer = library.ScalableShampoo(
            groups,
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            moving_average_for_momentum=True,
            decoupled_weight_decay=True,
            start_preconditioning_step=self.precondition_frequency,
            preconditioning_compute_steps=self.precondition_frequency,
            block_size=BLOCK,
            skip_preconditioning_rank_lt=2,
            no_preconditioning_for_layers_with_dim_gt=LONGEST,
            shape_interpretation=False,
            graft_type=graft.LayerWiseGrafting.RMSPROP,
        )
        return optimizer

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of two momenta and the squares, and of statistics and roots.

        Each side of each block has its own.
        """
        sides = 0
        if len(shape) >= 2 and max(shape) <= LONGEST:
            cuts = [[min(BLOCK, side - start) for start in range(0, side, BLOCK)] for side in shape]
            sides = sum(2 * side**2 for block in itertools.product(*cuts) for side in block)
        return 4 * (3 * math.prod(shape) + sides)


LONGEST = 8192
"""A weight with a longer side is not preconditioned."""
BLOCK = 128
"""Weights are cut into blocks of at most this side, each with roots of its own."""
CPU_LIMIT = 85_000
"""Parameters of a two-layer MLP whose roots took 0.16 s on one core, eleven times an ordinary step of
Shampoo."""
