"""bfloat16: weights stored as 16-bit brain floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.quantization import QuantizationChoice

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported


@dataclass(frozen=True, kw_only=True)
class BFloat16(QuantizationChoice):
    """Weights stored as 16-bit floats with the range of 32 bits and 7 bits of mantissa.

    Helps: half the bytes at once, weights of any size; what a bfloat16 machine was trained in is stored
    without loss.
    Hurts: outputs differ by some 0.3 %, eight times as much as with Float16; no faster and no less memory in
    use on a CPU, where the weights become 32 bits when the file is loaded.
    Source: Kalamkar et al. 2019, arXiv 1905.12322.
    """

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with its weights in 16 bits."""
        from studies.deployment.graph import narrowed

        proto = exported.copy()
        narrowed(proto, "BFLOAT16")
        return proto
