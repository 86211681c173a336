"""Decoupled weight decay for optimizers that have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import decayed
from studies.optimizers import OptimizerChoice
from studies.regularizers import RegularizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class WeightDecay(RegularizerChoice):
    """Shrink every weight by a share of itself a step, apart from the gradient.

    Helps: adaptive optimizers without decay of their own (RMSprop, Adam): the same strength for every weight.
    Hurts: little; too short a horizon forgets the data. Optimizers that decay weights themselves refuse it.
    Source: Loshchilov and Hutter 2019, arXiv 1711.05101; horizon: Wang and Aitchison 2025, arXiv 2405.13698.
    """

    offered: ClassVar[bool] = False

    horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over; each step shrinks them by 1 / (steps x horizon) at the
    peak lr."""

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:
        """Tell whether the optimizer has no decay of its own."""
        return not (optimizer.decays_weights or optimizer.needs_closure)

    def attach(self, training: TrainingHooks) -> None:
        """Shrink the weights before every optimizer step, in proportion to the scheduled lr."""
        import torch

        weights: list[torch.Tensor] = list(decayed(training.model))
        share = 1 / (training.total_steps * self.horizon)

        @torch.no_grad()
        def shrink() -> None:
            torch._foreach_mul_(weights, 1 - share * training.lr_factor)

        training.before_step.append(shrink)
