"""Row-wise Adagrad."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optimizers import OptimizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class RowwiseAdagrad(OptimizerChoice):
    """Adagrad with one sum of squares for a whole row of a table.

    Helps: embedding tables that fill the memory: one float of state a row; only the rows of a batch are
    touched.
    Hurts: hidden layers, whose weights in a row share one step size; long runs of deep nets, where the steps
    die away.
    Source: Naumov et al. 2019 (DLRM), arXiv 1906.00091; rows touched alone: Duchi, Hazan and Singer 2011,
    JMLR 12.
    """

    offered: ClassVar[bool] = False  # for large tables
    family: ClassVar[str] = "accumulating"
    twin_of: ClassVar[str] = "Adagrad"
    state_floats: ClassVar[float] = 0.03  # rows of 32; 1 / columns
    counts_steps: ClassVar[bool] = False
    takes_sparse: ClassVar[bool] = True

    lr: float = log_between(1e-3, 1.0, default=0.04)
    """Learning rate."""

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return our own: rows for two and more dimensions, plain Adagrad for vectors."""
        from studies.optim import rowwise_adagrad

        return rowwise_adagrad.RowwiseAdagrad(routes.of(), lr=self.lr)

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of one sum a row, or of one a number for vectors."""
        return 4 * (shape[0] if len(shape) >= 2 else math.prod(shape))
