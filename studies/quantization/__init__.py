"""Quantization, one file each way: how weights are stored, and in which numbers the file computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported
    from studies.hooks import TrainingHooks
    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class QuantizationChoice(Choice, ABC):
    """Base of every way of quantization."""

    axis: ClassVar[str] = "quantization"
    integer: ClassVar[bool] = False
    """Whether it computes in integers, and so may be faster than what it is made of."""
    aware: ClassVar[bool] = False
    """Whether fine-tuning has to know of it: the model is then trained anew for each setting, and not shared
    with others."""

    def attach(self, training: TrainingHooks) -> None:
        """Hook into the fine-tuning; what quantizes afterwards needs nothing."""

    def settle(self, trained: TrainedModel) -> None:
        """Take out again what `attach` put into the model; its weights stay on their grid."""

    @abstractmethod
    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph of the deployed file; `exported.proto` is left as it is.

        Raises:
            CannotCompress: nothing in the graph can be treated.
        """
