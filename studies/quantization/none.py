"""No quantization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.quantization import QuantizationChoice

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported


@dataclass(frozen=True, kw_only=True)
class NoQuantization(QuantizationChoice):
    """Leave the trained model as it is.

    Helps: when nothing limits the model's size or latency.
    Hurts: nothing.
    Source: the identity.
    """

    @classmethod
    def name(cls) -> str:
        """Return `none`."""
        return "none"

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph as it is."""
        return exported.proto
