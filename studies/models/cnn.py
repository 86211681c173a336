"""A small convolutional network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import one_of, whole

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class CNN(ModelChoice):
    """Two 3 x 3 convolutions with max pooling, then one hidden layer.

    Helps: small images: digits, patches, thumbnails.
    Hurts: tables, whose columns have no neighbours; large images, for which it is too shallow.
    Source: LeCun et al. 1998.
    """

    searched: ClassVar[bool] = False

    channels: int = whole(4, 128, default=16, log=True)
    """Channels of the first convolution; the second has twice as many."""
    hidden: int = whole(16, 512, default=64, log=True)
    """Units of the hidden layer."""
    norm: str = one_of("none", "batch", "group", default="none")
    """Norm between each convolution and its ReLU."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are images (channels, height, width) of at least 4 x 4."""
        return inputs.kind == "image" and min(inputs.shape[1:]) >= 4

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the layers as one Sequential."""
        from torch import nn

        planes, height, width = inputs.shape
        wide = 2 * self.channels
        return nn.Sequential(
            *self._convolution(planes, self.channels), nn.ReLU(), nn.MaxPool2d(2),
            *self._convolution(self.channels, wide), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(wide * (height // 4) * (width // 4), self.hidden), nn.ReLU(),
            nn.Dropout(0.0), nn.Linear(self.hidden, outputs),
        )  # fmt: skip

    def _convolution(self, before: int, after: int) -> list[nn.Module]:
        from torch import nn

        from studies.nn.norms import norms

        convolution = nn.Conv2d(before, after, 3, padding=1, bias=self.norm != "batch")
        return [convolution, *norms(self.norm, after, images=True)]
