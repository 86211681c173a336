"""Regularizers, one file each; a recipe holds a set of them. `attach` hooks one into a training run before it starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice
from studies.optimizers import OptimizerChoice

if TYPE_CHECKING:
    from torch import nn

    from studies.train import Training


@dataclass(frozen=True, kw_only=True)
class RegularizerChoice(Choice, ABC):
    """Base of every regularizer."""

    axis: ClassVar[str] = "regularizers"

    @classmethod
    def suits(cls, model: nn.Module, task: str) -> bool:  # noqa: ARG003
        """Tell whether it can do anything for this model and task (classification | regression)."""
        return True

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:  # noqa: ARG003
        """Tell whether it may stand beside this optimizer."""
        return True

    @abstractmethod
    def attach(self, training: Training) -> None:
        """Hook into the run: change its model or loss, or add to `before_step` or `after_step`."""
