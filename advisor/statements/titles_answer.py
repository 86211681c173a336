"""Title of the answer's chart: what the advised optimizer reached at which cost, beside the others."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.contender import Contender
from advisor.report.numbers import number
from advisor.statements.recomputed import same
from advisor.statements.statement import Case, Statement
from studies.costs import BY_FIELD
from studies.quantities import several


@dataclass(frozen=True, kw_only=True)
class QualityForCost(Statement):
    """Quality for cost: what the advised optimizer reached and cost, and how many others did better."""

    metric: str
    cost: str
    """A field of a record."""
    quality: float | None
    """None where no whole run of it has that cost."""
    value: float | None
    """Of the cost: bytes or seconds."""
    others: int
    """Other optimizers that fit and have both."""
    better: int
    """Of them, those that measured better."""
    cheaper: int
    """Of them, those that cost less."""

    def __str__(self) -> str:
        name, of = self.subjects[0], several(self.others, "other")
        if self.quality is None or self.value is None:
            have = (
                f"{of} that {'fits has' if self.others == 1 else 'fit have'}"
                if self.others
                else "nobody who fits has"
            )
            return f"{name} is advised and has no whole run yet; {have}"
        cost = BY_FIELD[self.cost]
        reached = f"{name}: {self.metric} {number(self.quality)}, {cost.label} {cost.write(self.value)}"
        if not self.others:
            return f"{reached}; no other that fits has a whole run to compare with"
        return f"{reached}; {self._beside()}"

    def _beside(self) -> str:
        if self.others == 1:
            better = "measured better" if self.better else "did not measure better"
            return (
                f"the other that has a whole run {better} and costs {'less' if self.cheaper else 'no less'}"
            )
        better = f"{self.better or 'none'} measured better"
        return f"of {self.others} others {better}, {self.cheaper or 'none'} cost less"

    def holds(self, case: Case) -> bool:
        """Tell whether so many of those that fit are better, and so many cost less, by their own runs."""
        answer, direction = case.answer, case.evidence.direction
        costs = {other.optimizer: self._cost_of(case, other) for other in answer.contenders}
        known = [other for other in answer.contenders if other.quality is not None]
        drawn = {
            other.optimizer: (other.quality or 0.0, cost)
            for other in known
            if (cost := costs[other.optimizer]) is not None
        }
        quality, value = drawn.pop(answer.optimizer, (None, None))
        if quality is None or value is None or self.quality is None or self.value is None:
            counts = (self.others, self.better, self.cheaper)
            return (quality, self.quality, self.value, *counts) == (None, None, None, len(drawn), 0, 0)
        better = sum(direction.better(other, quality) for other, _ in drawn.values())
        cheaper = sum(cost < value for _, cost in drawn.values())
        return (
            self.subjects == (answer.optimizer,)
            and same(self.quality, quality)
            and same(self.value, value)
            and (self.others, self.better, self.cheaper) == (len(drawn), better, cheaper)
        )

    def _cost_of(self, case: Case, other: Contender) -> float | None:
        """Return what a contender costs: the advised one as the answer says, another by its own runs."""
        if other.optimizer == case.answer.optimizer:
            return case.answer.costs.get(self.cost)
        if hasattr(other, self.cost):
            value: float | None = getattr(other, self.cost)
            return value
        values = [getattr(run, self.cost) for run in case.runs(other.trials)]
        return BY_FIELD[self.cost].over(value for value in values if value is not None)
