"""A small convolutional network for signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.space import one_of, whole

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Conv1D(ModelChoice):
    """Three convolutions along time with norms, then the mean over time.

    Helps: signals whose patterns may stand anywhere: sensors, audio, heartbeats; any length of at least 8.
    Hurts: when it matters at what time a pattern comes, which the mean forgets; patterns longer than some 26
    samples.
    Source: Wang, Yan and Oates 2017, arXiv 1611.06455.
    """

    searched: ClassVar[bool] = False

    channels: int = whole(8, 128, default=32, log=True)
    """Channels of the first and the last convolution; the one between has twice as many."""
    norm: str = one_of("none", "batch", "group", default="batch")
    """Norm after each convolution."""

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether the rows are signals (channels, length) of at least 8 samples."""
        return inputs.kind == "signal" and inputs.shape[1] >= 8

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return the layers as one Sequential."""
        from torch import nn

        few, many = self.channels, 2 * self.channels
        return nn.Sequential(
            *self._convolution(inputs.shape[0], few, kernel=7), nn.MaxPool1d(2),
            *self._convolution(few, many, kernel=5), nn.MaxPool1d(2),
            *self._convolution(many, few, kernel=3), nn.AdaptiveAvgPool1d(1),
            nn.Flatten(), nn.Dropout(0.0), nn.Linear(few, outputs),
        )  # fmt: skip

    def _convolution(self, before: int, after: int, *, kernel: int) -> list[nn.Module]:
        from torch import nn

        from studies.nn.norms import norms

        convolution = nn.Conv1d(before, after, kernel, padding=kernel // 2, bias=self.norm != "batch")
        return [convolution, *norms(self.norm, after), nn.ReLU()]
