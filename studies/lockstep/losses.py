"""Loss of stacked models: one function for all rows, with a label smoothing of each row's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
from torch.nn import functional

from studies.lockstep.unstackable import Unstackable

SMOOTHING: Final = "label_smoothing"


@dataclass(frozen=True, kw_only=True, eq=False)
class StackedLoss:
    """Loss of stacked models."""

    loss: Callable[..., torch.Tensor]
    """What all have in common, of (outputs, targets)."""
    smoothing: torch.Tensor | None
    """The label smoothing of each row, (models,); None where all rows have the same loss."""

    @classmethod
    def of(cls, losses: Sequence[Callable[..., torch.Tensor]], device: torch.device) -> StackedLoss:
        """Return the loss of a stack whose rows have these.

        Raises:
            Unstackable: the losses differ in more than their label smoothing.
        """
        parts = [_parts(loss) for loss in losses]
        function, keywords, smoothing = parts[0]
        if not all(other is function and _equal(more, keywords) for other, more, _ in parts):
            raise Unstackable("their losses differ")
        shares = [share for _, _, share in parts]
        if all(share == smoothing for share in shares):
            return cls(loss=losses[0], smoothing=None)
        if function is not functional.cross_entropy:
            raise Unstackable(
                "their losses differ in their label smoothing and are not torch's cross-entropy"
            )
        return cls(
            loss=partial(function, **keywords),
            smoothing=torch.tensor(shares, dtype=torch.float64, device=device),
        )

    def __call__(self, outputs: Any, targets: Any, share: torch.Tensor | None) -> torch.Tensor:
        """Return the loss of one row, given its share of label smoothing.

        Cross-entropy is linear in that share.
        """
        if share is None:
            return self.loss(outputs, targets)
        share = share.to(outputs.dtype)
        plain, smooth = (self.loss(outputs, targets, label_smoothing=end) for end in (0.0, 1.0))
        return (1 - share) * plain + share * smooth


def _parts(loss: Callable[..., torch.Tensor]) -> tuple[Any, dict[str, Any], float]:
    """Return the function of a loss, its keywords but for label smoothing, and that."""
    if not isinstance(loss, partial) or loss.args:
        return loss, {}, 0.0
    keywords = dict(loss.keywords)
    share = keywords.pop(SMOOTHING, 0.0)
    return loss.func, keywords, float(share)


def _equal(left: dict[str, Any], right: dict[str, Any]) -> bool:
    if left.keys() != right.keys():
        return False
    pairs = ((left[name], right[name]) for name in left)
    return all(
        torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second
        for first, second in pairs
    )
