"""CutMix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.regularizers import RegularizerChoice
from studies.regularizers.mixup import draw, soft
from studies.space import log_between

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.data.inputs import Inputs
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class CutMix(RegularizerChoice):
    """Paste a box of another image into each image, and mix the labels by the area of the box.

    Helps: long runs of large nets on photographs, where what is shown can be told from any part of it.
    Hurts: short runs, small nets, and images such as digits that a missing part turns into another class.
    Source: Yun et al. 2019, arXiv 1905.04899.
    """

    offered: ClassVar[bool] = False

    alpha: float = log_between(0.2, 2.0, default=1.0)
    """Both parameters of the beta distribution that the share of the image outside the box is drawn from."""

    @classmethod
    def suits(cls, model: nn.Module, task: str, inputs: Inputs) -> bool:  # noqa: ARG003
        """Tell whether images are to be classified."""
        return inputs.kind == "image" and task == "classification"

    def attach(self, training: TrainingHooks) -> None:
        """Paste into every batch boxes of a shuffled copy of itself, all at one place."""
        import torch

        classes = training.workload.dataset.outputs

        def paste(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            height, width = inputs.shape[-2:]
            side = math.sqrt(1 - draw(self.alpha))
            rows, columns = _span(height, side), _span(width, side)
            other = torch.randperm(len(inputs), device=inputs.device)
            mixed, targets = inputs.clone(), soft(targets, classes, inputs.dtype)
            mixed[..., rows, columns] = inputs[other][..., rows, columns]
            area = (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
            return mixed, targets.lerp(targets[other], area)

        training.on_batch.append(paste)


def _span(size: int, share: float) -> slice:
    """Return a stretch of about a share of the size around a pixel drawn at random, cut off at the edges."""
    import torch

    half, centre = round(size * share) / 2, int(torch.randint(size, ()))
    return slice(max(0, math.ceil(centre - half)), min(size, math.ceil(centre + half)))
