"""Quantization, one file each way: how the weights of the deployed file are stored, and in which numbers it computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice, Scalar

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.compression.deploy import Exported
    from studies.compression.subject import Subject
    from studies.train import Training


@dataclass(frozen=True, kw_only=True)
class QuantizationChoice(Choice, ABC):
    """Base of every way of quantization."""

    axis: ClassVar[str] = "quantization"
    variants: ClassVar[tuple[Mapping[str, Scalar], ...]] = ({},)
    """Settings that a compression study tries by default, as fields; the others are found by searching, or asked for."""
    aware: ClassVar[bool] = False
    """Whether fine-tuning has to know of it: the model is then trained anew for each setting, and not shared with others."""

    def attach(self, training: Training) -> None:
        """Hook into the fine-tuning; what quantizes afterwards needs nothing."""

    def settle(self, subject: Subject) -> None:
        """Take out again what `attach` put into the model; its weights stay on their grid."""

    @abstractmethod
    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph of the deployed file; `exported.proto` is left as it is.

        Raises:
            CannotCompress: nothing in the graph can be treated.
        """
