"""Noise on the inputs."""

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
class InputNoise(RegularizerChoice):
    """Add fresh Gaussian noise to the standardised inputs at every training step.

    Helps: few rows with measured, noisy columns; models that must not hang on the last digit of an input.
    Hurts: columns that are 0 or 1, large data, models that underfit.
    Source: Bishop 1995, Training with noise is equivalent to Tikhonov regularization.
    """

    offered: ClassVar[bool] = False

    deviation: float = log_between(0.01, 0.5, default=0.1)
    """Standard deviation of the noise; the inputs' own is 1."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether the inputs are numbers."""
        return inputs.kind not in {"text", "mixed"}

    def attach(self, training: TrainingHooks) -> None:
        """Add the noise to every batch."""
        import torch

        def blur(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return inputs + self.deviation * torch.randn_like(inputs), targets

        training.on_batch.append(blur)
