"""Mixup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.regularizers import RegularizerChoice
from studies.space import log_between

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.data.inputs import Inputs
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class Mixup(RegularizerChoice):
    """Train on weighted means of two rows and of their targets.

    Helps: long runs of large models on images, noisy labels; some tables of many numeric columns.
    Hurts: short runs and small models, which underfit; the training loss no longer tells how well the rows
    are learned.
    Source: Zhang et al. 2018, arXiv 1710.09412.
    """

    offered: ClassVar[bool] = False

    alpha: float = log_between(0.05, 1.0, default=0.2)
    """Both parameters of the beta distribution that the weight is drawn from: near 0 hardly mixes, 1 draws it
    evenly."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether inputs and targets are numbers, of which a mean means something."""
        return inputs.kind not in {"text", "mixed"} and task != "own"

    def attach(self, training: TrainingHooks) -> None:
        """Mix every batch with a shuffled copy of itself."""
        import torch

        classes = training.workload.dataset.outputs

        def mix(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            share, targets = draw(self.alpha), soft(targets, classes, inputs.dtype)
            other = torch.randperm(len(inputs), device=inputs.device)
            return inputs.lerp(inputs[other], 1 - share), targets.lerp(targets[other], 1 - share)

        training.on_batch.append(mix)


def draw(alpha: float) -> float:
    """Draw a share from 0 to 1 from a symmetric beta distribution."""
    from torch.distributions import Beta

    return float(Beta(alpha, alpha).sample())


def soft(targets: torch.Tensor, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """Return class codes as probabilities (rows, classes); probabilities and numbers stay as they are."""
    from torch.nn import functional

    return targets if targets.is_floating_point() else functional.one_hot(targets, classes).to(dtype)
