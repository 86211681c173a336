"""Lookahead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import trained
from studies.optimizers import OptimizerChoice
from studies.space import between, whole
from studies.wrappers import WrapperChoice, holding, put

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class Lookahead(WrapperChoice):
    """Every few steps, move slow weights a part of the way to the fast ones and go on from there.

    Helps: optimizers at an lr that is too high for them, untuned settings.
    Hurts: runs with a tuned decay, where it gains little for a copy of the weights; averaging does the same
    more simply.
    Source: Zhang et al. 2019, arXiv 1907.08610.
    """

    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 1.0

    k: int = whole(2, 20, default=5, log=True)
    """Optimizer steps between two moves of the slow weights."""
    alpha: float = between(0.2, 0.9, default=0.5)
    """Part of the way that the slow weights move."""

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:
        """Tell whether it may set the weights.

        It may not where the optimizer computes them from sequences of its own.
        """
        return optimizer.family != "schedule-free" and not optimizer.needs_closure

    def attach(self, training: TrainingHooks) -> None:
        """Move the slow weights after every k optimizer steps.

        Each epoch they are measured beside the fast ones.
        """
        import torch

        weights: list[torch.Tensor] = list(trained(training.model))
        slow = [weight.detach().clone() for weight in weights]
        training.attachment_state += slow

        @torch.no_grad()
        def move() -> None:
            if (training.step + 1) % self.k == 0:
                torch._foreach_lerp_(slow, weights, self.alpha)
                put(weights, slow)

        training.after_step.append(move)
        training.readouts.append(partial(holding, training.model, weights, slow))
