"""Pruning by what the loss would lose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.pruning import PruningChoice
from studies.space import averaging

if TYPE_CHECKING:
    import torch

    from studies.compression.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Taylor(PruningChoice):
    """Set the weights to zero whose product with their gradient is the smallest: the change of the loss, to first order.

    Helps: layers whose weights differ in size for no reason of importance, as beside norms or rare inputs.
    Hurts: a model that fits its training rows perfectly, whose gradients are noise; otherwise about what magnitude gives.
    Source: Molchanov et al. 2019, arXiv 1906.10771.
    """

    amount: float = averaging(0.5, 0.95, default=0.8)
    """Share of the weights that are zero afterwards."""

    def prune(self, subject: Subject, share: float = 1.0) -> None:
        """Zero the weights of least importance over the calibration rows, all layers compared with each other.

        Raises:
            CannotCompress: there are no weights of two or more dimensions, or the loss has no gradient.
        """
        from studies.compression.pruned import zero_lowest
        from studies.compression.subject import prunable

        weights = prunable(subject.model)
        scores = [
            (weight.detach() * gradient).abs() for weight, gradient in zip(weights, _gradients(subject, weights), strict=True)
        ]
        zero_lowest(weights, scores, self.amount, share=share)


def _gradients(subject: Subject, weights: list[torch.nn.Parameter]) -> list[torch.Tensor]:
    """Return the gradient of the calibration loss at each weight, dense, zero where a weight has no part in it."""
    import torch

    from studies.compression.subject import CannotCompress

    try:
        with torch.enable_grad():
            found = torch.autograd.grad(subject.loss(), weights, allow_unused=True)
    except RuntimeError as error:
        raise CannotCompress(f"its loss has no gradient: {' '.join(str(error).split())[:200]}") from error
    return [
        torch.zeros_like(weight) if gradient is None else gradient.to_dense() if gradient.is_sparse else gradient
        for weight, gradient in zip(weights, found, strict=True)
    ]
