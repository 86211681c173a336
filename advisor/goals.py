"""Goals: what decides between optimizers that the evidence cannot tell apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from studies.errors import BadValue

if TYPE_CHECKING:
    from studies.record import Record

SAME: Final = 1.2
"""Costs less than about this factor apart count as equal: a run's time varies by more than that on a
shared machine, and so little memory decides nothing."""
LESS: Final = {"optimizer_state_bytes": "less optimizer state", "train_seconds": "less training time"}
"""Costs that a goal makes small, in words."""
FEWER: Final = "fewer settings"
GOALS: Final[Mapping[str, tuple[str, ...]]] = {
    "quality": (),
    "speed": ("train_seconds", "optimizer_state_bytes"),
    "memory": ("optimizer_state_bytes", "train_seconds"),
    "balanced": ("optimizer_state_bytes", "train_seconds"),
}
"""Each goal, and the costs that it makes small, first things first; fewer settings come last. With no cost
the likelier is best, and a goal that is not known here counts as the usual one."""
USUAL: Final = "balanced"

Criteria = dict[str, float]
"""What to make small, first things first: its name and its value."""


class Costed(Protocol):
    """Recipe with costs: what an optimizer would cost, and the trial whose recipe it is."""

    @property
    def costs(self) -> Mapping[str, float | int | None]:
        """Return costs by the fields of a record."""

    @property
    def record(self) -> Record | None:
        """Return the trial; None when it was not trained."""


def check_goal(goal: str | None) -> None:
    """Raise BadValue unless a goal is one there is, or none was given."""
    if goal is not None and goal not in GOALS:
        raise BadValue(f"goal '{goal}' is not one of {', '.join(GOALS)}")


def criteria(goal: str, tied: Mapping[str, Costed]) -> dict[str, Criteria]:
    """Return, for each tied optimizer, the costs that the goal makes small.

    A cost that is not known of all of them decides nothing.
    """
    wanted = {name: _criteria(goal, recipe) for name, recipe in tied.items()}
    unknown = {noun for values in wanted.values() for noun, value in values.items() if value == math.inf}
    return {
        name: {noun: value for noun, value in values.items() if noun not in unknown}
        for name, values in wanted.items()
    }


def _criteria(goal: str, recipe: Costed) -> Criteria:
    small = {LESS[cost]: _stepped(recipe.costs[cost]) for cost in GOALS.get(goal, GOALS[USUAL])}
    settings = (
        sum(key.startswith("optimizer.") for key in recipe.record.params) if recipe.record else math.inf
    )
    return small | {FEWER: settings} if small else {}


def _stepped(cost: float | None) -> float:
    """Return a cost in steps of a fifth; infinity when it is unknown."""
    if cost is None:
        return math.inf
    return round(math.log(cost) / math.log(SAME)) if cost > 0 else -math.inf
