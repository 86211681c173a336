"""Alternative: another optimizer, what it costs and reaches against the advised one, when to prefer it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from advisor.report.numbers import chance, difference, number, percent, ratio, written
from advisor.statements.measured import measured_alike
from advisor.statements.statement import Case, Statement
from studies.costs import BY_FIELD
from studies.direction import Direction

NOUNS: Final = {
    "optimizer_state_bytes": "optimizer state",
    "peak_bytes": "peak memory",
    "train_seconds": "training time",
}
CLEARLY: Final = 0.9
"""Share of a cost below which another one is clearly less."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostAgainst:
    """Cost against: a cost of another optimizer and of the advised one, clearly different."""

    cost: str
    """A field of a record."""
    value: float
    advised: float
    forecast: bool = False
    """Whether both are forecasts; they are never of different kinds."""

    @property
    def less(self) -> bool:
        """Tell whether the other costs clearly less."""
        return self.value < CLEARLY * self.advised

    def __str__(self) -> str:
        noun = NOUNS[self.cost]
        kind = ", forecasts" if self.forecast else ""
        value, advised = written(BY_FIELD[self.cost], self.value), written(BY_FIELD[self.cost], self.advised)
        if self.value == 0:
            return f"no {noun} (against {advised}{kind})"
        share = self.value / self.advised if self.advised else math.inf
        return f"{_share(share)} {noun} ({value} against {advised}{kind})"


def _share(share: float) -> str:
    if 0.45 < share < 0.55:
        return "half the"
    if 1.8 < share < 2.2:
        return "twice the"
    if share < 1:
        return f"{percent(1 - share)} less"
    return "more" if math.isinf(share) else f"{number(round(share, 1))} times the"


@dataclass(frozen=True, kw_only=True)
class Alternative(Statement):
    """Alternative: another optimizer that fits, and when to prefer it."""

    metric: str
    direction: Direction
    goal: str
    quality: float | None
    """Over the seeds that it shares with the advised one; None where they share none."""
    advised_quality: float | None
    advised_trials: tuple[int, ...] = ()
    """Those of the advised one that it is compared in."""
    trained: bool
    """Whether the advised one was."""
    p_tie: float
    advised_p_tie: float
    margin: float
    unconfirmed: bool
    """Whether one of both was not run with fresh seeds."""
    costs: tuple[CostAgainst, ...]

    def __str__(self) -> str:
        costs = " and ".join(map(str, self.costs))
        joint = "" if not costs else " for " if self.trained and self.quality is not None else ", "
        return f"{self.subjects[0]}: {costs}{joint}{self._against()}; {self._verdict()}."

    def _against(self) -> str:
        if self.trained and (self.quality is None or self.advised_quality is None):
            return "not measured on seeds and rows that both share"
        if self.quality is None or self.advised_quality is None:
            odds = f"{chance(self.p_tie)}, against {chance(self.advised_p_tie)}"
            return f"within {ratio(self.margin)} of the best with a probability of {odds}"
        words = difference(self.metric, self.direction, self.quality, self.advised_quality)
        if len(self.trials) > 1:
            return words
        return f"{words} (one run of each{', not confirmed' if self.unconfirmed else ''})"

    @property
    def ahead(self) -> bool:
        """Tell whether it measured better than the advised one."""
        if self.quality is None or self.advised_quality is None:
            return False
        return self.direction.better(self.quality, self.advised_quality)

    def _verdict(self) -> str:
        less = {cost.cost for cost in self.costs if cost.less}
        occasions = {
            "memory is short": bool(less & {"optimizer_state_bytes", "peak_bytes"}),
            "time is short": "train_seconds" in less,
            "nothing but quality counts, though the difference may be luck": self.ahead
            and self.goal != "quality",
        }
        when = " or ".join(occasion for occasion, speaks in occasions.items() if speaks)
        return f"prefer it when {when}" if when else "nothing measured speaks for it"

    def holds(self, case: Case) -> bool:
        """It fits, is not the advised one, and has these costs, this quality and these chances."""
        other, advised = case.contender(self.subjects[0]), case.contender(case.answer.optimizer)
        if other is None or advised is None or other is advised:
            return False
        costs = all(
            (getattr(other, cost.cost), getattr(advised, cost.cost)) == (cost.value, cost.advised)
            for cost in self.costs
        )
        clear = all(
            min(cost.value, cost.advised) <= CLEARLY * max(cost.value, cost.advised) for cost in self.costs
        )
        return (
            costs
            and clear
            and self.trained == (advised.quality is not None)
            and (other.quality is not None or not self.trained)
            and measured_alike(case, self.trials, self.quality, self.advised_trials, self.advised_quality)
            and (other.p_tie, advised.p_tie) == (self.p_tie, self.advised_p_tie)
        )
