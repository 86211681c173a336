"""8-bit matrix products, activations rounded as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studies.quantization import QuantizationChoice

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.compression.deploy import Exported

OPERATORS: Final = ("MatMul", "Gemm", "Gather")


@dataclass(frozen=True, kw_only=True)
class DynamicInt8(QuantizationChoice):
    """Matrix products in 8-bit integers, with the range of the activations measured at every pass.

    Helps: multilayer perceptrons and transformers, a fourth of the bytes and faster than 32 bits; needs no calibration.
    Hurts: convolutions, which become several times slower and are therefore left in 32 bits; where inputs of one batch differ a
    lot in size, since they share one range.
    Source: Jacob et al. 2018, arXiv 1712.05877.
    """

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with its matrix products and tables in 8 bits."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        from studies.compression.deploy import written
        from studies.compression.graph import share_of, weights_in
        from studies.compression.subject import CannotCompress

        weights = [weight for weight in weights_in(exported.proto) if weight.form in {"matrix", "table"}]
        share = share_of(exported.proto, weights)
        if not weights:
            raise CannotCompress("it has no matrix products and no embeddings, which alone run well in dynamic 8 bits")
        if share < 0.5:
            exported.notes.append(f"{1 - share:.0%} of the numbers, outside matrix products, stay in 32 bits")
        return written(
            lambda path: quantize_dynamic(
                exported.copy(), path, op_types_to_quantize=list(OPERATORS), per_channel=True, weight_type=QuantType.QInt8
            )
        )
