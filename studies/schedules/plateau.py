"""The plateau schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from studies.record import Measurement
from studies.schedules import ScheduleChoice
from studies.space import log_between, whole


@dataclass(frozen=True, kw_only=True)
class Plateau(ScheduleChoice):
    """Multiply the lr by a factor whenever the validation loss has not improved for a number of epochs.

    Helps: long runs of unknown length that nobody watches.
    Hurts: noisy or small validation sets, which set it off by chance; comparisons, since no two runs have the
    same lrs.
    Source: the ReduceLROnPlateau of torch and Keras; its kind: Bengio 2012, arXiv 1206.5533.
    """

    offered: ClassVar[bool] = False

    patience: int = whole(2, 10, default=4)
    """Epochs without improvement before the lr drops, and again before the next drop."""
    gamma: float = log_between(0.05, 0.7, default=0.2)
    """What each drop multiplies the lr by."""

    def factor(self, progress: float) -> float:  # noqa: ARG002
        """Return 1: how far the run has come plays no part."""
        return 1.0

    def reaction(self, curve: Sequence[Measurement]) -> float:
        """Return gamma to the number of times that the patience has run out."""
        lowest, waited, drops = math.inf, 0, 0
        for point in curve:
            waited = 0 if point.valid_loss < lowest else waited + 1
            lowest = min(lowest, point.valid_loss)
            if waited == self.patience:
                waited, drops = 0, drops + 1
        return float(self.gamma**drops)
