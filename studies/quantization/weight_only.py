"""Weight-only quantization: weights in few bits, activations as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.quantization import QuantizationChoice
from studies.space import one_of

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported


@dataclass(frozen=True, kw_only=True)
class WeightOnly(QuantizationChoice):
    """Weights in 8, 4, 3 or 2 bits with a step for each block of them; activations keep their range.

    Helps: the smallest file that needs no training: an MLP of 236 thousand weights 3.5, 6.2 and 10 times
    smaller in 8, 4 and 2 bits, as fast at batch 1; on digits 8 and 4 bits cost nothing.
    Hurts: large batches, where packed products take 1.6 (8 bits) to 2.8 times (2 bits) as long at batch 64,
    with VNNI; 2 bits, which take training (see QuantizationAware): a ResNet fell from 0.97 to 0.53.
    Convolutions get smaller, one step a channel, and run in 32 bits as before. 3 bits are stored in 4.
    Source: Dettmers and Zettlemoyer 2023, arXiv 2212.09720; Frantar et al. 2023, arXiv 2210.17323.
    """

    variants: ClassVar[tuple[Mapping[str, int], ...]] = ({"bits": 8}, {"bits": 4}, {"bits": 2})

    bits: int = one_of(8, 4, 3, 2, default=4)
    """Bits a weight."""
    block: int = one_of(32, 64, 128, default=32)
    """Weights of a row that share a step; each block adds 32 bits."""

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with packed weights."""
        from studies.deployment.graph import treatable
        from studies.deployment.packed import round_weights

        proto = exported.copy()
        weights = treatable(proto)
        exported.notes.extend(
            round_weights(proto, weights, {weight.name: self.bits for weight in weights}, self.block)
        )
        return proto
