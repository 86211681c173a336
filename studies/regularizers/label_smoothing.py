"""Label smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from studies.regularizers import RegularizerChoice
from studies.space import between

if TYPE_CHECKING:
    from torch import nn

    from studies.data.inputs import Inputs
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(RegularizerChoice):
    """Train towards labels that give every class a small share.

    Helps: over-confident classifiers, noisy labels, accuracy as the metric.
    Hurts: calibrated probabilities and log-loss; a teacher for distillation at a high temperature.
    Source: Szegedy et al. 2016, arXiv 1512.00567; Mueller et al. 2019, arXiv 1906.02629.
    """

    share: float = between(0.01, 0.3, default=0.1)
    """What is spread evenly over all classes."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether the task has classes."""
        return task == "classification"

    def attach(self, training: TrainingHooks) -> None:
        """Replace the training loss; validation keeps the plain one."""
        training.loss = partial(training.loss, label_smoothing=self.share)
