"""Weights in few bits, activations as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.quantization import QuantizationChoice
from studies.space import one_of

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.compression.deploy import Exported


@dataclass(frozen=True, kw_only=True)
class WeightOnly(QuantizationChoice):
    """Weights in 8, 4, 3 or 2 bits with a step for each block of them; activations keep their range.

    Helps: the smallest file that needs no training: 4 bits usually cost less than a point; matrix products then run packed.
    Hurts: 3 and 2 bits, which take training (see QuantizationAware); large batches, where packed products are slower than 32-bit
    ones; convolutions, which get smaller, one step a channel, and no faster. 3 bits are stored in 4.
    Source: Dettmers and Zettlemoyer 2023, arXiv 2212.09720; Frantar et al. 2023, arXiv 2210.17323.
    """

    bits: int = one_of(8, 4, 3, 2, default=4)
    """Bits a weight."""
    block: int = one_of(32, 64, 128, default=32)
    """Weights of a row that share a step; each block adds 32 bits."""

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with packed weights."""
        from studies.compression.graph import round_weights, treatable

        proto = exported.copy()
        weights = treatable(proto)
        exported.notes.extend(round_weights(proto, weights, {weight.name: self.bits for weight in weights}, self.block))
        return proto
