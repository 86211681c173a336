"""Reporter: what a trainer measured after an epoch, told to a study once, and whether to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studies.errors import BadValue, did_you_mean, listed, shown


@dataclass(kw_only=True)
class Reporter:
    """What stands between a trainer and `report`."""

    report: Callable[..., bool] | None
    """What a training function is handed; None outside a search."""
    metric: str
    """Name that the trainer gives the metric of the search."""
    loss: str
    """Name of the validation loss, which schedules that react to validation hear of."""
    train_loss: str
    """Name of the training loss."""
    epoch: int = field(default=0, init=False)
    """The last epoch that was told."""

    def tell(self, epoch: int, measured: Mapping[str, Any], schedules: Iterable[Any]) -> bool:
        """Tell what was measured after an epoch, counted from 1; return whether training should stop.

        Raises:
            BadValue: nothing was measured under the name of the metric.
        """
        if epoch <= self.epoch:
            return False
        self.epoch = epoch
        loss = measured.get(self.loss)
        for schedule in schedules:
            if loss is not None and hasattr(schedule, "losses"):
                schedule.report(float(loss))
        if self.report is None:
            return False
        return bool(
            self.report(
                epoch,
                self._value(measured),
                train_loss=float(measured.get(self.train_loss, math.nan)),
                valid_loss=None if loss is None else float(loss),
            )
        )

    def _value(self, measured: Mapping[str, Any]) -> float:
        if self.metric not in measured:
            raise BadValue(
                f"nothing was measured under {shown(self.metric)}{did_you_mean(self.metric, measured)} "
                f"Measured: {listed(sorted(measured)) or 'nothing'}; name it: Report(report, metric=...)"
            )
        return float(measured[self.metric])
