"""Training a compressed model again, one file each way: how long, at which learning rates, pruning meanwhile or before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice

if TYPE_CHECKING:
    from studies.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class FinetuningChoice(Choice, ABC):
    """Base of every way of fine-tuning."""

    axis: ClassVar[str] = "finetuning"
    gradual: ClassVar[bool] = False
    """Whether zeros are made step by step while it trains, rather than all at once before."""

    @abstractmethod
    def recipe(self, trained: Recipe) -> Recipe | None:
        """Return what to train with, made from the recipe that the model was trained with; None for not at all."""
