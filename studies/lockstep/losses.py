"""Loss of stacked models: the mean over each row's batch, with a label smoothing of each row's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import torch
from torch.func import vmap
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
        smoothing_of_rows = torch.tensor(shares, dtype=torch.float64, device=device)
        return cls(loss=partial(function, **keywords), smoothing=smoothing_of_rows)

    def of_rows(self, outputs: Any, targets: torch.Tensor, of_targets: int | None) -> torch.Tensor:
        """Return the loss of each row, (models,).

        Args:
            outputs: of the models, (models, batch, ...) each tensor.
            targets: (batch, ...) that all share, or (models, batch, ...).
            of_targets: 0 if each model has its own, else None.
        """
        if self.smoothing is None:
            return self._plain(self.loss, outputs, targets, of_targets)
        # cross-entropy is linear in the share that is smoothed
        plain, smooth = (
            self._plain(partial(self.loss, label_smoothing=end), outputs, targets, of_targets)
            for end in (0.0, 1.0)
        )
        return plain.lerp(smooth, self.smoothing.to(plain.dtype))

    def _plain(
        self, loss: Callable[..., torch.Tensor], outputs: Any, targets: torch.Tensor, of_targets: int | None
    ) -> torch.Tensor:
        function, keywords, _ = _parts(loss)
        codes = not targets.is_floating_point()
        if function is functional.cross_entropy and codes and not keywords and outputs.ndim == 3:
            every = targets.expand(len(outputs), -1) if of_targets is None else targets
            each: torch.Tensor = loss(outputs.flatten(0, 1), every.flatten(), reduction="none")
            return each.view(len(outputs), -1).mean(1)
        losses: torch.Tensor = vmap(loss, in_dims=(0, of_targets))(outputs, targets)
        return losses


def function_of(loss: Callable[..., torch.Tensor]) -> Any:
    """Return the function that a loss is made of."""
    return _parts(loss)[0]


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
