"""Sharpness-aware minimisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import route
from studies.space import log_between
from studies.wrappers import WrapperChoice, holding

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class SAM(WrapperChoice):
    """Step by the gradient at the nearby point where the loss is about the highest, so that flat minima win.

    Helps: accuracy on small data with nets that can learn it by heart, noisy labels.
    Hurts: every step costs two passes: in the same time a run without it usually gets further.
    Source: Foret et al. 2021, arXiv 2010.01412.
    """

    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.0
    extra_passes: ClassVar[float] = 1.0

    rho: float = log_between(0.01, 0.2, default=0.05)
    """Distance to that point."""

    def attach(self, training: TrainingHooks) -> None:
        """Replace the gradient before the optimizer step, and before penalties and clipping act on it."""
        import torch

        weights = route(training.model).without("sparse table").of()

        def sharpen() -> None:
            moved = [weight for weight in weights if weight.grad is not None]
            grads = [weight.grad for weight in moved if weight.grad is not None]
            if not grads:
                return
            reach = self.rho / (torch.nn.utils.get_total_norm(grads) + 1e-12)
            highest = torch._foreach_add(
                [weight.detach() for weight in moved], torch._foreach_mul(grads, reach)
            )
            # the statistics of a batch norm stay those of the weights, too
            with holding(training.model, moved, highest):
                training.backward()

        training.before_step.insert(0, sharpen)
