"""torch's scheduler of a schedule; one that reacts to validation hears of it through `report`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakSet

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from studies.record import Measurement

_LIVE: WeakSet[ScheduleLR] = WeakSet()


class ScheduleLR(LambdaLR):
    """Scheduler of a schedule.

    Args:
        optimizer: whose lrs are set.
        total_steps: of the whole run.
        share: the share of the peak lr at a progress from 0 to 1.
        reaction: a further share, from the learning curve so far.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_steps: int,
        *,
        share: Callable[[float], float],
        reaction: Callable[[Sequence[Measurement]], float],
    ) -> None:
        self.reaction_to, self.reaction = reaction, 1.0
        self.losses: list[float] = []
        """Validation losses that were reported."""

        def factor(step: int) -> float:
            return share(min(1.0, (step + 0.5) / total_steps)) * self.reaction

        super().__init__(optimizer, factor)
        _LIVE.add(self)

    def report(self, valid_loss: float) -> None:
        """Tell the validation loss after an epoch; the lr falls at once if the schedule reacts to that.

        In a search, what a function hands to its own `report` is heard without this.
        """
        self.losses.append(float(valid_loss))
        self._react([_point(epoch, loss) for epoch, loss in enumerate(self.losses, start=1)])

    def follow(self, curve: Sequence[Measurement]) -> None:
        """React to a learning curve, unless losses are reported here."""
        if not self.losses:
            self._react(curve)

    def state_dict(self) -> dict[str, Any]:
        """Return torch's own state, and the losses and the reaction to them."""
        state: dict[str, Any] = super().state_dict()
        state.pop("reaction_to")
        return state

    def _react(self, curve: Sequence[Measurement]) -> None:
        if (reaction := self.reaction_to(curve)) == self.reaction:
            return
        self.reaction = reaction
        for group, peak, factor in zip(
            self.optimizer.param_groups, self.base_lrs, self.lr_lambdas, strict=True
        ):
            group["lr"] = peak * factor(self.last_epoch)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]


def schedulers_of(optimizers: Iterable[Optimizer]) -> list[ScheduleLR]:
    """Return the schedulers that set the lrs of these optimizers."""
    ours = {id(optimizer) for optimizer in optimizers}
    return [scheduler for scheduler in tuple(_LIVE) if id(scheduler.optimizer) in ours]


def _point(epoch: int, loss: float) -> Measurement:
    return Measurement(
        epoch=epoch, step=epoch, seconds=0.0, train_loss=math.nan, valid_loss=loss, valid_metric=math.nan
    )
