"""L1, as a proximal step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import decayed
from studies.regularizers import RegularizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class L1(RegularizerChoice):
    """Pull every weight towards zero by the same amount a step and stop at zero.

    Helps: wide linear models, irrelevant inputs, weights that shall become exactly zero before pruning.
    Hurts: small dense nets, where it shrinks useful weights as fast as useless ones.
    Source: Tibshirani 1996; proximal form: Parikh and Boyd 2014, section 6.5.2.
    """

    offered: ClassVar[bool] = False

    strength: float = log_between(1e-6, 1e-2, default=1e-4)
    """Times the current lr, what each weight loses a step."""

    def attach(self, training: TrainingHooks) -> None:
        """Soft-threshold the weights after every optimizer step."""
        import torch

        weights = decayed(training.model)

        @torch.no_grad()
        def shrink() -> None:
            threshold = training.lr * self.strength
            for weight in weights:
                weight.copy_(torch.nn.functional.softshrink(weight, threshold))

        training.after_step.append(shrink)
