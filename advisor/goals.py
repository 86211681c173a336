"""What decides between optimizers that the evidence cannot tell apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from advisor.feasible import FeasibleRecipe

SAME: Final = 1.2
"""Costs less than about this factor apart count as equal: a run's time varies by more than that on a shared machine, and so
little memory decides nothing."""

Criteria = dict[str, float]
"""What to make small, first things first: its name and its value."""


def criteria(goal: str, tied: Mapping[str, FeasibleRecipe]) -> dict[str, Criteria]:
    """Return, for each tied optimizer, what the goal makes small; what is not known of all of them decides nothing."""
    wanted = {name: _criteria(goal, recipe) for name, recipe in tied.items()}
    unknown = {noun for values in wanted.values() for noun, value in values.items() if value == math.inf}
    return {name: {noun: value for noun, value in values.items() if noun not in unknown} for name, values in wanted.items()}


def _criteria(goal: str, recipe: FeasibleRecipe) -> Criteria:
    state = {"less optimizer state": _stepped(recipe.costs["optimizer_state_bytes"])}
    seconds = {"less training time": _stepped(recipe.costs["train_seconds"])}
    settings = sum(key.startswith("optimizer.") for key in recipe.record.params) if recipe.record else math.inf
    match goal:
        case "quality":
            return {}
        case "speed":
            return seconds | state | {"fewer settings": settings}
        case _:
            return state | seconds | {"fewer settings": settings}


def _stepped(cost: float | None) -> float:
    """Return a cost in steps of a fifth; infinity when it is unknown."""
    if cost is None:
        return math.inf
    return round(math.log(cost) / math.log(SAME)) if cost > 0 else -math.inf
