"""L-BFGS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from studies.optimizers import OptimizerChoice
from studies.space import log_between, whole

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.facts import Facts
    from studies.optim.routing import Routes

MOST_ROWS: Final = 20_000
"""Rows that one step may read some 25 times."""
MOST_PARAMETERS: Final = 1_000_000
"""Parameters of which some 20 copies are kept."""


@dataclass(frozen=True, kw_only=True)
class LBFGS(OptimizerChoice):
    """Newton's method on a Hessian estimated from the last few steps, with a line search.

    Helps: exact gradients of a smooth loss: linear models, small nets on up to a few thousand rows, polishing
    a good solution.
    Hurts: batches, dropout, batch norm: two evaluations must agree; memory: 2 x history + 2 floats a weight
    in the end.
    Source: Liu and Nocedal 1989, On the limited memory BFGS method for large scale optimization, Math.
    Programming 45.
    """

    offered: ClassVar[bool] = False  # for small deterministic problems only
    family: ClassVar[str] = "quasi-newton"
    state_floats: ClassVar[float] = 22.0  # 2 x history_size + 2 once the history is full
    full_after: ClassVar[int] = 101  # more than the longest history: each step adds to it until it is full
    counts_steps: ClassVar[bool] = False
    takes_sparse: ClassVar[bool] = True
    full_batch: ClassVar[bool] = True
    needs_closure: ClassVar[bool] = True
    extra_passes: ClassVar[float] = 20.0  # 20 iterations a step, few of which need a second evaluation
    own_schedule: ClassVar[bool] = True

    lr: float = log_between(0.1, 1.0, default=1.0)
    """Length that the line search tries first, in units of the Newton step."""
    history_size: int = whole(5, 100, default=10, log=True)
    """Steps that the Hessian is estimated from; each takes two copies of the weights."""

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:
        """Return why it cannot train this: steps too long, an inexact loss, or too large a history."""
        if facts.rows > MOST_ROWS:
            return (
                f"each step reads all {facts.rows:,} rows up to 25 times, "
                f"and it is made for {MOST_ROWS:,} at most"
            )
        if facts.has_batchnorm:
            return "batch norm changes the loss between two evaluations that its line search compares"
        if facts.parameters > MOST_PARAMETERS:
            return (
                f"its history holds some 20 copies of {facts.parameters:,} weights, "
                f"{MOST_PARAMETERS:,} at most"
            )
        return None

    def make(self, routes: Routes, total_steps: int) -> Optimizer:  # noqa: ARG002
        """Return torch's L-BFGS with a strong Wolfe line search, 20 iterations a step."""
        from studies.optim import lbfgs

        return lbfgs.LBFGS(
            routes.of(), lr=self.lr, history_size=self.history_size, line_search_fn="strong_wolfe"
        )

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of the last direction, the last gradient and a full history.

        An entry of the history is two copies of the weights.
        """
        return 4 * (2 * self.history_size + 2) * math.prod(shape)
