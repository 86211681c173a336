"""Training a compressed model again, one file each way: how long, at which learning rates, pruning meanwhile or before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from studies.choice import Choice


@dataclass(frozen=True, kw_only=True, slots=True)
class Retraining:
    """How a trained model is trained again."""

    share: float
    """Epochs as a share of those it was trained for."""
    schedule: Literal["restart", "rewind"]
    """restart: the lr climbs and falls once; rewind: the end of the schedule that it was trained under."""
    lr_factor: float = 1.0
    """Peak lr as a share of the one it was trained at."""


@dataclass(frozen=True, kw_only=True)
class FinetuningChoice(Choice, ABC):
    """Base of every way of fine-tuning."""

    axis: ClassVar[str] = "finetuning"
    gradual: ClassVar[bool] = False
    """Whether zeros are made step by step while it trains, rather than all at once before."""

    @abstractmethod
    def retraining(self) -> Retraining | None:
        """Return how the model is trained again; None for not at all."""
