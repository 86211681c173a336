"""Early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.metrics import Metric
from studies.optimizers import OptimizerChoice
from studies.record import Measurement
from studies.regularizers import RegularizerChoice
from studies.space import whole

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class EarlyStopping(RegularizerChoice):
    """End the run when validation has not improved for a number of epochs; the best epoch counts.

    Helps: constant lrs, unknown horizons, tables that overfit within a few epochs: it saves the rest of the
    run.
    Hurts: schedules that fall to zero, whose best epochs are the last ones; small validation sets.
    Source: Prechelt 1998; patience on tables: Gorishniy et al. 2026, arXiv 2604.15297.
    """

    offered: ClassVar[bool] = False
    waits: ClassVar[bool] = True

    patience: int = whole(4, 32, default=16, log=True)
    """Epochs without a better metric, or an equal one with a lower loss, before the run ends."""

    @classmethod
    def pairs_with(cls, optimizer: type[OptimizerChoice]) -> bool:  # noqa: ARG003
        """Return True: it looks at the learning curve alone."""
        return True

    def attach(self, training: TrainingHooks) -> None:
        """Look at the learning curve after every epoch."""
        metric = training.workload.metric
        training.stop_conditions.append(lambda: _waited(training.curve, metric) >= self.patience)


def _waited(curve: Sequence[Measurement], metric: Metric) -> int:
    """Return the epochs since the best one."""
    best = 0
    for index, point in enumerate(curve):
        level = point.valid_metric == curve[best].valid_metric
        lower = point.valid_loss < curve[best].valid_loss
        if metric.better(point.valid_metric, curve[best].valid_metric) or (level and lower):
            best = index
    return len(curve) - 1 - best
