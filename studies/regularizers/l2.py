"""L2, added to the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.optim.routing import decayed
from studies.optimizers import OptimizerChoice
from studies.regularizers import RegularizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class L2(RegularizerChoice):
    """Add each weight, times a strength, to its gradient: the weight decay of the SGD family.

    Helps: SGD and momentum on nets that overfit; with norm layers it also sets the effective lr.
    Hurts: Adam and RMSprop divide it away where gradients are large; optimizers that decay weights themselves
    refuse it.
    Source: Krogh and Hertz 1991; against decoupled decay: Loshchilov and Hutter 2019, arXiv 1711.05101.
    """

    strength: float = log_between(1e-7, 1e-2, default=1e-4)
    """What a weight is multiplied by before it is added to its gradient."""

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:
        """Tell whether the optimizer has no decay of its own."""
        return not (optimizer.decays_weights or optimizer.needs_closure)

    def attach(self, training: TrainingHooks) -> None:
        """Add the penalty's gradient before every optimizer step."""
        import torch

        weights = decayed(training.model)

        def penalize() -> None:
            pairs = [(weight.grad, weight.detach()) for weight in weights if weight.grad is not None]
            if pairs:
                grads, values = zip(*pairs, strict=True)
                torch._foreach_add_(grads, values, alpha=self.strength)

        training.before_step.append(penalize)
