"""Pruning, one file each way: weights or parts of a trained model are taken out.

`prune` changes the model in place. Unstructured ways set weights to zero: the file compresses better and
nothing runs faster. Structured ways take channels, heads or layers out: the model is smaller and faster.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice

if TYPE_CHECKING:
    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class PruningChoice(Choice, ABC):
    """Base of every way of pruning."""

    axis: ClassVar[str] = "pruning"
    structured: ClassVar[bool] = False
    """Whether parts are taken out, so that shapes change; else weights are set to zero."""

    @abstractmethod
    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:
        """Prune `trained.model` in place.

        Args:
            trained: the model, and the training rows a pass may look at; what is left untreated is noted in
                `trained.notes`.
            share: of the amount, 0 to 1; below 1 on the way of a gradual schedule. A structured way takes all
                of it at once.

        Raises:
            CannotCompress: there is nothing that this pass can treat.
        """
