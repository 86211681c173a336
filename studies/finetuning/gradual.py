"""Fine-tuning while zeros are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.finetuning import FinetuningChoice, Retraining
from studies.space import one_of


@dataclass(frozen=True, kw_only=True)
class Gradual(FinetuningChoice):
    """Train again as a restart does, and prune meanwhile: many weights early, few late, the last ones at 70 % of the steps.

    Helps: very high sparsity with epochs to spare. What takes whole parts out is pruned at once even so.
    Hurts: short budgets, where pruning all at once was as good or better: few steps are left for recovering at the end.
    Source: Zhu and Gupta 2017, arXiv 1710.01878.
    """

    gradual: ClassVar[bool] = True

    share: float = one_of(0.1, 0.25, 0.5, 1.0, default=0.5)
    """Epochs as a share of those it was trained for."""
    lr_factor: float = one_of(0.1, 0.3, 1.0, default=1.0)
    """Peak lr as a share of the one it was trained at."""

    def retraining(self) -> Retraining | None:
        """Return a shorter run of one cycle."""
        return Retraining(share=self.share, lr_factor=self.lr_factor, schedule="restart")
