"""L1, as a proximal step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import decayed
from studies.regularizers import RegularizerChoice
from studies.space import Numeric, log_between, unsearched

if TYPE_CHECKING:
    from torch import nn

    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class L1(RegularizerChoice):
    """Pull every weight towards zero by the same amount a step and stop at zero.

    Helps: wide linear models, irrelevant inputs, weights that shall become exactly zero before pruning.
    Hurts: small dense nets, where it shrinks useful weights as fast as useless ones.
    Source: Tibshirani 1996; proximal form: Parikh and Boyd 2014, section 6.5.2.
    """

    offered: ClassVar[bool] = False

    share: float = log_between(0.1, 10.0, default=1.0)
    """Share of a usual first weight that a whole run at the peak lr takes off each weight, whatever the
    optimizer, the lr and the length; a decaying schedule takes less."""
    strength: float = unsearched(Numeric(low=0.0, high=0.99, default=0.0, scale="complement"))
    """As recipes of earlier versions state it, and in place of `share` where it is above 0: times the current
    lr, what each weight loses a step."""

    def attach(self, training: TrainingHooks) -> None:
        """Soft-threshold the weights after every optimizer step."""
        import torch

        weights = decayed(training.model)
        lost = [self.share * usual_weight(weight) / training.total_steps for weight in weights]

        @torch.no_grad()
        def shrink() -> None:
            for weight, most in zip(weights, lost, strict=True):
                threshold = training.lr * self.strength if self.strength else training.lr_factor * most
                weight.copy_(torch.nn.functional.softshrink(weight, threshold))

        training.after_step.append(shrink)


def usual_weight(weight: nn.Parameter) -> float:
    """Return the mean size of torch's first weights in a tensor of this shape: half of 1 / sqrt(inputs)."""
    return 0.5 / math.sqrt(weight[0].numel())
