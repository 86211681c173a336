"""Attachment: what can be attached to a training run; regularizers and wrappers share its one verb."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice

if TYPE_CHECKING:
    from torch import nn

    from studies.data.inputs import Inputs
    from studies.hooks import TrainingHooks
    from studies.optimizers import OptimizerChoice


@dataclass(frozen=True, kw_only=True)
class Attachment(Choice, ABC):
    """Base of everything that a recipe holds a set of."""

    extra_passes: ClassVar[float] = 0.0
    """Forward and backward passes that it adds to a step."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether it can do anything for this model, task and form of rows.

        The task is classification or regression; own where the loss is the user's.
        """
        return True

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:
        """Tell whether it may stand beside this optimizer; by default if that takes one gradient a step."""
        return not optimizer.needs_closure

    @abstractmethod
    def attach(self, training: TrainingHooks) -> None:
        """Hook into the run: change its model or loss, or add to one of its lists of hooks."""
