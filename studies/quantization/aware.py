"""Quantization-aware training: the weights are rounded in training as they will be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.quantization import QuantizationChoice
from studies.space import one_of

if TYPE_CHECKING:
    from onnx import ModelProto

    from studies.deployment.export import Exported
    from studies.hooks import TrainingHooks
    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class QuantizationAware(QuantizationChoice):
    """Fine-tune with the weights on the grid of the deployed file, so that they learn to live with few bits.

    Helps: 2 and 3 bits: with 2, after the same 3 epochs on digits, a ResNet got 0.99 and 0.56 without it, an
    MLP 0.99 and 0.98.
    Hurts: 8 bits, and mostly 4, which lose nothing without it either; does nothing unless the recipe
    fine-tunes, whose steps take 1.1 to 2 times as long. Weights of torch's recurrent layers cannot be trained
    so, and are rounded afterwards.
    Source: Jacob et al. 2018, arXiv 1712.05877; Esser et al. 2020, arXiv 1902.08153.
    """

    aware: ClassVar[bool] = True
    variants: ClassVar[tuple[Mapping[str, int], ...]] = ({"bits": 3}, {"bits": 2})

    bits: int = one_of(8, 4, 3, 2, default=3)
    """Bits a weight; 3 are stored in 4."""
    block: int = one_of(32, 64, 128, default=32)
    """Weights of a row that share a step; each block adds 32 bits. A channel of a convolution has one
    step."""

    def attach(self, training: TrainingHooks) -> None:
        """Put every weight on a grid that follows it."""
        from studies.weights.grid import train_rounded

        train_rounded(training, self.bits, self.block)

    def settle(self, trained: TrainedModel) -> None:
        """Leave the weights where they were rounded to."""
        from studies.weights.grid import leave_rounded

        leave_rounded(trained.model)

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with packed weights: those on a grid already are stored as they are."""
        from studies.deployment.graph import treatable
        from studies.deployment.packed import round_weights
        from studies.weights.grid import on_grid

        proto = exported.copy()
        weights = treatable(proto)
        off = sum(not on_grid(weight.rows, self.bits, self.block) for weight in weights)
        if off:
            exported.notes.append(
                f"{off} of {len(weights)} weights were rounded after training, "
                f"not trained in {self.bits} bits"
            )
        exported.notes.extend(
            round_weights(proto, weights, {weight.name: self.bits for weight in weights}, self.block)
        )
        return proto
