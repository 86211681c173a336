"""SparseAdam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.errors import BadValue
from studies.optimizers import OptimizerChoice
from studies.optimizers.adamw import AdamW
from studies.space import averaging, log_between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.facts import Facts
    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class SparseAdam(OptimizerChoice):
    """Adam on the rows of a batch alone in sparse embedding tables, AdamW on all else.

    Helps: large tables of which a step touches a few percent: 60 times faster than Adam on 1 % of 200,000
    rows of 64.
    Hurts: rows seen rarely, whose moments wait instead of fading; memory, for a table has two floats of state
    a parameter.
    Source: torch.optim.SparseAdam, a lazy form of Kingma and Ba 2015, arXiv 1412.6980; the 60 times measured
    on a CPU.
    """

    offered: ClassVar[bool] = False  # other optimizers hand it sparse tables by themselves
    family: ClassVar[str] = "sparse"
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    decays_weights: ClassVar[bool] = True
    takes_sparse: ClassVar[bool] = True
    only_sparse: ClassVar[bool] = True

    lr: float = log_between(1e-4, 1e-1, default=2e-3)
    """Learning rate of the sparse tables."""
    beta1: float = averaging(0.5, 0.98, default=0.9)
    """Decay of the tables' running mean of gradients, once for each time that a row is touched."""
    beta2: float = averaging(0.9, 0.9999, default=0.999)
    """Decay of the tables' running mean of squares."""
    partner_lr_ratio: float = log_between(0.05, 5.0, default=0.5)
    """Learning rate of AdamW on all else, as a multiple of lr."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs AdamW's weights average over; the sparse tables are not decayed."""

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:
        """Return why it cannot train this: a model without sparse tables gives it nothing to step on."""
        return (
            None
            if facts.sparse_share > 0
            else "0 % of the parameters are tables with sparse gradients, and it steps on these alone"
        )

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return torch's SparseAdam, with AdamW beside it where there is anything else.

        Raises:
            BadValue: the model has no table with sparse gradients.
        """
        from torch import optim

        from studies.optim.composite import Composite

        tables = routes.of("sparse table")
        if not tables:
            raise BadValue(
                "SparseAdam steps on embeddings with sparse gradients, and this model has none; use AdamW"
            )
        sparse_adam = optim.SparseAdam(tables, lr=self.lr, betas=(self.beta1, self.beta2))
        rest = routes.without("sparse table")
        return (
            Composite([sparse_adam, self._partner().make(rest, total_steps)]) if rest.roles else sparse_adam
        )

    def serves(self, role: str) -> str:
        """Return AdamW for all but sparse tables."""
        return self.name() if role == "sparse table" else AdamW.name()

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:
        """Return the bytes of the two moments, and of AdamW's counter for all but sparse tables.

        SparseAdam's own counter is a plain number.
        """
        return 8 * math.prod(shape) if role == "sparse table" else self._partner().own_bytes(shape, role)

    def _partner(self) -> AdamW:
        return AdamW(lr=self.lr * self.partner_lr_ratio, decay_horizon=self.decay_horizon)
