"""Distillation, one file each way: how much a model in training listens to a teacher.

The student is the recipe's model: a smaller setting of its own fields, another model, or the teacher's own architecture when a
pruned or quantized copy is fine-tuned.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice

if TYPE_CHECKING:
    import torch

    from studies.hooks import TrainingHooks

Teacher = Callable[["torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True, kw_only=True)
class DistillationChoice(Choice, ABC):
    """Base of every way of distillation."""

    axis: ClassVar[str] = "distillation"

    @abstractmethod
    def attach(self, training: TrainingHooks, teachers: tuple[torch.nn.Module, ...]) -> None:
        """Change the loss of a run, so that it listens to the teachers' mean output; none of them is changed."""
