"""Training a compressed model again, one file each way: how long, at which learning rates, pruning meanwhile or before."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

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


def shortened(trained: Recipe, *, share: float, lr_factor: float = 1.0) -> Recipe:
    """Return a recipe over a share of its epochs, rounded up, at a share of its lr; nothing else about it changes.

    A decay horizon is stated in whole runs: it is lengthened so that the optimizer's weight decay stays the number it was, and a
    short run does not pull the weights to zero as far as a whole one does.
    """
    epochs = math.ceil(round(share * trained.epochs, 9))
    changes: dict[str, Any] = {"lr": trained.optimizer.lr * lr_factor}
    if (horizon := trained.optimizer.fields().get("decay_horizon")) is not None:
        changes["decay_horizon"] = float(horizon) * trained.epochs / (epochs * lr_factor)
    return replace(trained, epochs=epochs, optimizer=replace(trained.optimizer, **changes))
