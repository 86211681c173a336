"""Clipping of the gradient's norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.optim.routing import route
from studies.regularizers import RegularizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class GradientClipping(RegularizerChoice):
    """Shorten the gradient of all weights together to a largest length; sparse tables are left out.

    Helps: recurrent nets and transformers, rare batches with huge gradients, SGD at a high lr.
    Hurts: optimizers that step by sign or norm gain nothing; when most steps are clipped, the lr is what is
    too high.
    Source: Pascanu et al. 2013, arXiv 1211.5063.
    """

    offered: ClassVar[bool] = False
    waits: ClassVar[bool] = True

    max_norm: float = log_between(0.1, 10.0, default=1.0)
    """Euclidean length that is left of a longer gradient; the 90th percentile of a run's own lengths is a
    good one."""

    def attach(self, training: TrainingHooks) -> None:
        """Shorten the gradient before every optimizer step.

        An L2 penalty is added after it, as torch's optimizers do.
        """
        from torch import nn

        weights = route(training.model).without("sparse table").of()

        def clip() -> None:
            nn.utils.clip_grad_norm_(weights, self.max_norm)

        training.before_step.append(clip)
