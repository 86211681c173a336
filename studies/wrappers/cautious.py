"""Cautious updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from studies.optim.routing import route
from studies.optimizers import OptimizerChoice
from studies.wrappers import WrapperChoice

if TYPE_CHECKING:
    import torch

    from studies.hooks import TrainingHooks

LEAST: Final = 1e-3
"""Share of entries below which the rest is not lengthened any further; the authors' own."""


@dataclass(frozen=True, kw_only=True)
class Cautious(WrapperChoice):
    """Leave out the part of each update that goes up the gradient, and lengthen the rest to make up.

    Helps: optimizers with momentum, on language models above all: fewer steps to the same loss.
    Hurts: small noisy batches, whose gradients tell little about the way down; SGD, whose updates never go
    up.
    Source: Liang et al. 2024, arXiv 2411.16085.
    """

    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 2.0

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:
        """Tell whether it may change the weights.

        It may not where the optimizer computes them from sequences of its own.
        """
        return optimizer.family != "schedule-free" and not optimizer.needs_closure

    def attach(self, training: TrainingHooks) -> None:
        """Copy weights and gradients before the optimizer step and mend its update right after.

        Weight decay inside the step is masked too.
        """
        import torch

        weights = route(training.model).without("sparse table").of()
        before: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

        def note() -> None:
            pairs = [(weight.detach(), weight.grad) for weight in weights]
            before.extend(
                (weight, weight.clone(), grad.clone()) for weight, grad in pairs if grad is not None
            )

        @torch.no_grad()
        def mend() -> None:
            for weight, old, grad in before:
                update = weight - old
                down = update * grad < 0
                weight.copy_(old + update * down / down.float().mean().clamp(min=LEAST))
            before.clear()

        training.before_step.append(note)
        training.after_step.insert(0, mend)
