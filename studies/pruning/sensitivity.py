"""Sensitivity-bounded pruning: no layer loses more weights than it can do without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from studies.pruning import PruningChoice
from studies.space import averaging

if TYPE_CHECKING:
    from studies.storage.manifest_entries import Layer
    from studies.weights.trained_model import TrainedModel

SCANS: Final[WeakKeyDictionary[TrainedModel, tuple[Layer, ...]]] = WeakKeyDictionary()
"""Of each model at its first pruning: a gradual schedule asks twenty times, and what counts is the trained
model."""


@dataclass(frozen=True, kw_only=True)
class SensitivityBounded(PruningChoice):
    """Set the smallest weights to zero, in each layer only as many as it alone can do without.

    Helps: nets with one fragile layer, often the first convolution, which a comparison by size alone would
    empty.
    Hurts: a forward pass for each layer and amount; where all layers break: of a CNN on digits 95 %, 0.14
    right; globally 0.48.
    Source: Han et al. 2015, arXiv 1506.02626, section 4.1; Li et al. 2017, arXiv 1608.08710.
    """

    amount: float = averaging(0.5, 0.95, default=0.8)
    """Share of the weights that are zero afterwards."""

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:
        """Zero the smallest weights within the layers' bounds.

        Raises:
            CannotCompress: there are no weights of two or more dimensions.
        """
        from studies.weights.masks import zero_lowest
        from studies.weights.sensitivity import scan
        from studies.weights.trained_model import prunable

        weights = prunable(trained.model)
        if trained not in SCANS:
            SCANS[trained] = scan(trained)
        bounds = _bounds(SCANS[trained], self.amount)
        zero_lowest(
            weights, [weight.detach().abs() for weight in weights], self.amount, share=share, most=bounds
        )


def _bounds(layers: Sequence[Layer], amount: float) -> list[float]:
    """Return the bound of each layer at the smallest tolerance that gives the amount.

    The amount is that of all layers together.
    """
    from studies.weights.sensitivity import bounds

    needed = amount * sum(layer.size for layer in layers)
    for tolerance in sorted({max(0.0, rise) for layer in layers for rise in layer.rises}):
        layer_bounds = bounds(layers, tolerance)
        if sum(layer_bounds[layer.name] * layer.size for layer in layers) >= needed:
            return [layer_bounds[layer.name] for layer in layers]
    return [1.0] * len(layers)
