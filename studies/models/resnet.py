"""A small residual network for images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import whole

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class ResNet(ModelChoice):
    """Three stages of residual 3 x 3 convolutions with batch norm, then the mean over the image.

    Helps: images from 8 x 8 to about 64 x 64 with a thousand rows or more; trains at learning rates a plain
    CNN cannot.
    Hurts: a few hundred images; batches below about 8, whose batch statistics are noise; a tight latency
    limit.
    Source: He et al. 2015, arXiv 1512.03385; dropping branches: Huang et al. 2016, arXiv 1603.09382.
    """

    searched: ClassVar[bool] = False

    channels: int = whole(8, 64, default=16, log=True)
    """Channels of the first stage; each later one doubles them and halves the image."""
    depth: int = whole(1, 4, default=1)
    """Residual blocks a stage."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are images (channels, height, width) of at least 8 x 8."""
        return inputs.kind == "image" and min(inputs.shape[1:]) >= 8

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the layers as one Sequential."""
        from torch import nn

        sizes = [self.channels * 2**stage for stage in range(3)]
        blocks = [_block(sizes[0], sizes[0]) for _ in range(self.depth)]
        for before, after in pairwise(sizes):
            blocks += [_block(before, after), *(_block(after, after) for _ in range(self.depth - 1))]
        return nn.Sequential(
            *_convolution(inputs.shape[0], sizes[0]), nn.ReLU(), *blocks,
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.0), nn.Linear(sizes[-1], outputs),
        )  # fmt: skip


def _block(before: int, after: int) -> nn.Module:
    """Return a residual block; one that changes the channels halves the image."""
    from torch import nn

    from studies.nn.residual import Residual

    stride = 1 if before == after else 2
    branch = nn.Sequential(
        *_convolution(before, after, stride=stride), nn.ReLU(), *_convolution(after, after)
    )
    shortcut = (
        None if before == after else nn.Sequential(*_convolution(before, after, stride=stride, kernel=1))
    )
    return Residual(branch, shortcut=shortcut, end=nn.ReLU())


def _convolution(before: int, after: int, *, stride: int = 1, kernel: int = 3) -> list[nn.Module]:
    from torch import nn

    convolution = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(after)]
