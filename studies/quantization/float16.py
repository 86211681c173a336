"""float16: weights stored in half precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.quantization import QuantizationChoice

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported


@dataclass(frozen=True, kw_only=True)
class Float16(QuantizationChoice):
    """Weights stored as 16-bit floats with 10 bits of mantissa.

    Helps: half the bytes at once, with outputs that differ by less than 0.1 %; nothing to calibrate or train.
    Hurts: no faster and no less memory in use on a CPU, where the weights become 32 bits when the file is
    loaded; refused when a weight lies beyond 65504.
    Source: Micikevicius et al. 2018, arXiv 1710.03740.
    """

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with its weights in 16 bits."""
        from studies.deployment.graph import narrowed

        proto = exported.copy()
        narrowed(proto, "FLOAT16")
        return proto
