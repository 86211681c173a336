"""Going on: whether the rest of a search's budget is worth it, looked at as its trials come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from studies.outlook import Outlook
from studies.quantities import format_seconds, several
from studies.record import Record
from studies.search.event import Event

if TYPE_CHECKING:
    from studies.search.runner import TrialRunner

AGAIN: Final = 1.1
"""Times as many trials before it is looked at once more."""

WORTH_ENDING: Final = 0.9
"""Share of the race after which it runs to its end: there is little left to save."""

Forecast = Callable[[Sequence[Record], int], Outlook | None]
"""Of the trials so far and so many more: what these are expected to gain; None while nobody can say."""


class GoingOn:
    """Going on of one search.

    Args:
        runner: trains the trials; its records are those of the search.
        forecast: what further trials are expected to gain; None uses up every budget.
    """

    def __init__(self, runner: TrialRunner, forecast: Forecast | None) -> None:
        self.runner, self.clock, self.forecast = runner, runner.clock, forecast
        self.outlook: Outlook | None = None
        """Why the search ended before its budget did; None where it did not."""
        self._trials_next = 0

    def settled(self, *, guaranteed: bool) -> bool:
        """Tell whether going on is not worth it, and say so once.

        Args:
            guaranteed: whether an optimizer in the race is still to have whole runs: then it goes on.
        """
        trials = self.runner.searched
        if self.runner.plan.exhaust or self.forecast is None or self.outlook or trials < self._trials_next:
            return self.outlook is not None
        self._trials_next = int(AGAIN * trials) + 1
        if not guaranteed:
            self.outlook = self._looked_at(trials)
        if self.outlook:
            self._say(f"stopped after {self._spent(trials)}: {self.outlook}")
        return self.outlook is not None

    def reopened(self) -> bool:
        """Tell whether going on is worth it after all, as runs with fresh seeds show how they differ."""
        trials = self.runner.searched
        if self.outlook is None or self.clock.stop() or self.clock.race_share(trials) >= WORTH_ENDING:
            return False
        self.outlook = self._looked_at(trials)
        if self.outlook is None:
            self._say("on with the race, as the fresh seeds show that more than noise may be gained")
        return self.outlook is None

    def _say(self, note: str) -> None:
        self.runner.listen(Event(stage="race", note=note))

    def _looked_at(self, trials: int) -> Outlook | None:
        """Return the outlook if it says that the rest is not worth it."""
        share = self.clock.race_share(trials)
        if self.forecast is None or not 0 < share < WORTH_ENDING:
            return None
        outlook = self.forecast(tuple(self.runner.records), max(1, round(trials * (1 - share) / share)))
        return outlook if outlook and outlook.settled else None

    def _spent(self, trials: int) -> str:
        """Return what was spent of the budget, in the unit that it has."""
        budget = self.runner.plan.budget
        if budget.trials is not None:
            return f"{trials} of {several(budget.trials, 'trial')}"
        return f"{format_seconds(self.clock.spent_seconds)} of {format_seconds(budget.seconds or 0.0)}"
