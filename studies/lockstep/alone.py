"""Passes of one run by itself: what those of a stack are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import torch
from torch.func import functional_call

from studies.forward import answer

if TYPE_CHECKING:
    from studies.train import Training

TOLERANCES: Final = {torch.float64: 1e-9, torch.float32: 1e-3}
"""Of a loss, and of a gradient next to its length; other types are looser still."""
LOOSEST: Final = 5e-2


@dataclass(frozen=True, kw_only=True, eq=False)
class PassResult:
    """What a forward and a backward pass gave."""

    loss: torch.Tensor
    grads: tuple[torch.Tensor | None, ...]

    @classmethod
    def of(cls, run: Training, loss: torch.Tensor) -> Self:
        """Return what a run has now: this loss, and the gradients that are there."""
        grads = (weight.grad for weight in run.model.parameters() if weight.requires_grad)
        return cls(loss=loss, grads=tuple(None if grad is None else grad.clone() for grad in grads))

    def are_like(self, other: PassResult) -> bool:
        """Tell whether these are the same but for rounding."""
        pairs = [(self.loss, other.loss), *zip(self.grads, other.grads, strict=True)]
        return all(_close(left, right) for left, right in pairs)


def passes_alone(run: Training, inputs: Any, targets: Any) -> PassResult:
    """Return what a run's model gives by itself, with its own generators; its weights and buffers stay."""
    with run.generators.torchs_in_place():
        loss = run.loss(run.workload.for_loss(answer(apart(run), inputs)), targets)
    weights = [weight for weight in run.model.parameters() if weight.requires_grad]
    grads = torch.autograd.grad(loss, weights, allow_unused=True)
    return PassResult(loss=loss.detach(), grads=grads)


def apart(run: Training) -> Any:
    """Return what calls a run's model with copies of its buffers."""
    buffers = {name: buffer.clone() for name, buffer in run.model.named_buffers()}

    def called(*arguments: Any, **options: Any) -> Any:
        return functional_call(run.model, buffers, arguments, options)

    return called


def same_place(left: Any, right: Any) -> bool:
    """Tell whether torch's generators stand at the same place."""
    return torch.equal(left[0], right[0]) and all(map(torch.equal, left[1], right[1]))


def _close(left: torch.Tensor | None, right: torch.Tensor | None) -> bool:
    if left is None or right is None:
        return left is right
    tolerance = TOLERANCES.get(left.dtype, LOOSEST)
    length = right.norm()
    return bool((left - right).norm() <= tolerance * length + tolerance * 1e-3) or bool(
        not left.isfinite().all() and not right.isfinite().all()
    )
