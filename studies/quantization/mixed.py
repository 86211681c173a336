"""Mixed precision: few bits in most layers, 8 in those that few bits would harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.quantization import QuantizationChoice
from studies.space import between, one_of

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported
    from studies.deployment.graph import GraphWeight


@dataclass(frozen=True, kw_only=True)
class MixedPrecision(QuantizationChoice):
    """Weights in few bits, but 8 in the layers that few bits harm most, by the loss on training rows.

    Helps: where some small layer (the first, the last, a table) is what 4, 3 or 2 bits break.
    Hurts: nets with layers all alike, where it is WeightOnly with a larger file; takes a pass over 512 rows
    for each layer.
    Source: Dong et al. 2019, arXiv 1905.03696; Nahshan et al. 2021, arXiv 1911.07190.
    """

    bits: int = one_of(4, 3, 2, default=4)
    """Bits a weight of the other layers."""
    kept: float = between(0.02, 0.5, default=0.2)
    """Largest share of the weights that keep 8 bits."""
    block: int = one_of(32, 64, 128, default=32)
    """Weights of a row that share a step; each block adds 32 bits."""

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with packed weights."""
        from studies.deployment.graph import treatable
        from studies.deployment.packed import round_weights

        proto = exported.copy()
        weights = treatable(proto)
        bits = {weight.name: self.bits for weight in weights} | dict.fromkeys(
            self._sensitive(exported, weights), 8
        )
        exported.notes.extend(round_weights(proto, weights, bits, self.block))
        return proto

    def _sensitive(self, exported: Exported, weights: list[GraphWeight]) -> list[str]:
        """Return the weights that keep 8 bits.

        First come those whose rounding raises the loss most for their size.
        """
        whole = exported.loss(exported.proto)
        harms = {
            weight.name: (self._loss(exported, weight) - whole) / weight.array.size for weight in weights
        }
        left = self.kept * sum(weight.array.size for weight in weights)
        chosen = []
        for weight in sorted(weights, key=lambda weight: -harms[weight.name]):
            if harms[weight.name] > 0 and weight.array.size <= left:
                chosen.append(weight.name)
                left -= weight.array.size
        exported.notes.append(f"8 bits in {len(chosen)} of {len(weights)} weights")
        return chosen

    def _loss(self, exported: Exported, weight: GraphWeight) -> float:
        """Return the loss when one weight alone has few bits."""
        from studies.deployment.packed import round_weights

        proto = exported.copy()
        round_weights(proto, [weight], {weight.name: self.bits}, self.block)
        return exported.loss(proto)
