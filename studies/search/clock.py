"""Search clock: what a search has spent and may still spend; budgets are totals and outlast a resume."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from studies.limits import Budget


@dataclass(kw_only=True)
class Clock:
    """Clock of one study: seconds and trials, those of earlier sittings included."""

    budget: Budget
    spent_before: float = 0.0
    """Seconds of earlier sittings, and of reading and profiling in this one."""
    prepared_seconds: float = 0.0
    """Those of all that goes before training among them: they count, but leave it a part of the budget."""
    stop: Callable[[], bool] = lambda: False
    """Whether the user wants to stop."""
    reserve_seconds: float = 0.0
    """Seconds kept back for what comes after the race."""
    _started: float = field(default_factory=time.monotonic)

    @property
    def spent_seconds(self) -> float:
        """Return the seconds worked on this study."""
        return self.spent_before + time.monotonic() - self._started

    @property
    def training_seconds(self) -> float:
        """Return what the budget has for training, without what goes before; infinite without a budget."""
        seconds = self.budget.after(self.prepared_seconds).seconds
        return float("inf") if seconds is None else seconds

    @property
    def allowed_seconds(self) -> float:
        """Return the seconds that may be spent in all; infinite without a budget in seconds."""
        return self.prepared_seconds + self.training_seconds

    def race_share(self, trials: int) -> float:
        """Return the share of the race that is over after so many trials, 1 when it is."""
        shares = [0.0]
        if self.budget.trials is not None:
            shares.append(trials / self.budget.trials)
        if self.budget.seconds is not None:
            shares.append(self.spent_seconds / max(self.allowed_seconds - self.reserve_seconds, 1e-9))
        return max(shares)

    def race_over(self, trials: int) -> bool:
        """Tell whether no further recipe may be asked for."""
        return self.stop() or self.race_share(trials) >= 1

    def must_stop(self) -> bool:
        """Tell whether a training that is under way has to stop now."""
        return self.stop() or self.spent_seconds >= self.allowed_seconds - self.reserve_seconds

    def seconds_to_stop(self) -> float | None:
        """Return the seconds until a training has to stop, 0 at least; None without a budget in seconds."""
        if self.budget.seconds is None:
            return None
        return max(self.allowed_seconds - self.reserve_seconds - self.spent_seconds, 0.0)

    def seconds_left(self) -> float:
        """Return the seconds left of the whole budget; infinite without one in seconds."""
        return self.allowed_seconds - self.spent_seconds
