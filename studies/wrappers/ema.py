"""Exponential moving average of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import trained
from studies.optimizers import OptimizerChoice
from studies.space import averaging
from studies.wrappers import WrapperChoice, holding

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class EMA(WrapperChoice):
    """Keep a moving average of the weights; each epoch both are measured, and the better of the two counts.

    Helps: small batches, constant or high lrs, plain nets on tables: it takes the gradient noise out of the
    weights.
    Hurts: nothing but a copy of the weights and a second validation an epoch; little gain after a decay to
    zero.
    Source: Polyak and Juditsky 1992; Ajroldi et al. 2025, arXiv 2502.06761; decays on tables: arXiv
    2604.15297.
    """

    state_floats: ClassVar[float] = 1.0

    decay: float = averaging(0.9, 0.9995, default=0.96)
    """Share of the average that is kept at each step."""

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:
        """Tell whether the optimizer does not average its weights itself."""
        return optimizer.family != "schedule-free"

    def attach(self, training: TrainingHooks) -> None:
        """Average the weights after every optimizer step.

        The buffers that go with them are the model's present ones.
        """
        import torch

        weights: list[torch.Tensor] = list(trained(training.model))
        average = [weight.detach().clone() for weight in weights]
        training.attachment_state += average

        @torch.no_grad()
        def follow() -> None:
            # as heavy as the newest is in a mean of all steps so far: the initial weights have no part in it
            share = (1 - self.decay) / (1 - self.decay ** (training.step + 1))
            torch._foreach_lerp_(average, weights, share)

        training.after_step.append(follow)
        training.readouts.append(partial(holding, training.model, weights, average))
