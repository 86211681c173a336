"""No pruning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.pruning import PruningChoice

if TYPE_CHECKING:
    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class NoPruning(PruningChoice):
    """Leave the trained model as it is.

    Helps: when nothing limits the model's size or latency.
    Hurts: nothing.
    Source: the identity.
    """

    @classmethod
    def name(cls) -> str:
        """Return `none`."""
        return "none"

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:
        """Do nothing."""
