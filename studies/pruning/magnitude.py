"""Magnitude pruning: the smallest weights go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.pruning import PruningChoice
from studies.space import averaging, one_of

if TYPE_CHECKING:
    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class Magnitude(PruningChoice):
    """Set the weights nearest to zero to zero.

    Helps: bytes after compression: with 90 % zeros and 8 bits a weight, a sixteenth of the 32-bit file's;
    fine-tune after it.
    Hurts: neither the plain file nor any latency gets smaller; without fine-tuning more than half of the
    weights cost quality.
    Source: Han et al. 2015, arXiv 1506.02626; global beats layer by layer: Blalock et al. 2020, arXiv
    2003.03033.
    """

    variants: ClassVar[tuple[Mapping[str, float], ...]] = ({"amount": 0.9},)

    amount: float = averaging(0.5, 0.95, default=0.8)
    """Share of the weights that are zero afterwards."""
    scope: str = one_of("global", "layer", default="global")
    """Whether weights of all layers are compared with each other, or each layer gives the same share."""

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:
        """Zero the smallest weights.

        Raises:
            CannotCompress: there are no weights of two or more dimensions.
        """
        from studies.weights.masks import zero_lowest
        from studies.weights.trained_model import prunable

        weights = prunable(trained.model)
        for together in [weights] if self.scope == "global" else [[weight] for weight in weights]:
            zero_lowest(together, [weight.detach().abs() for weight in together], self.amount, share=share)
