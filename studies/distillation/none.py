"""No distillation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.distillation import DistillationChoice

if TYPE_CHECKING:
    import torch

    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class NoDistillation(DistillationChoice):
    """Leave the trained model as it is.

    Helps: when nothing limits the model's size or latency.
    Hurts: nothing.
    Source: the identity.
    """

    @classmethod
    def name(cls) -> str:
        """Return `none`."""
        return "none"

    def attach(self, training: TrainingHooks, teachers: tuple[torch.nn.Module, ...]) -> None:
        """Do nothing."""
