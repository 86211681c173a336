"""Goals: what decides between optimizers that the evidence cannot tell apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from studies.errors import check_one_of

if TYPE_CHECKING:
    from studies.limits import Limits
    from studies.record import Record

SAME: Final = 1.2
"""Costs less than about this factor apart count as equal: a run's time varies by more than that on a
shared machine."""
FELT_BYTES: Final = 2**20
"""Bytes that nobody feels, where no limit on memory is near and the goal is another than `memory`."""
NEAR: Final = 0.5
"""Share of the memory limit from which it is near."""
SETTINGS: Final = "settings"
"""The last criterion: how many settings the optimizer has."""
LESS: Final = {
    "optimizer_state_bytes": "less optimizer state",
    "train_seconds": "less training time",
    SETTINGS: "fewer settings",
}
"""Costs that a goal makes small, in words."""
GOALS: Final[Mapping[str, tuple[str, ...]]] = {
    "quality": (),
    "speed": ("train_seconds", "optimizer_state_bytes"),
    "memory": ("optimizer_state_bytes", "train_seconds"),
    "balanced": ("optimizer_state_bytes", "train_seconds"),
}
"""Each goal, and the costs that it makes small, first things first; fewer settings come last. With no cost
the best measured one is advised, and a goal that is not known here counts as the usual one."""
USUAL: Final = "balanced"


class Costed(Protocol):
    """Recipe with costs: what an optimizer would cost, and the trial whose recipe it is."""

    @property
    def costs(self) -> Mapping[str, float | int | None]:
        """Return costs by the fields of a record."""

    @property
    def measured(self) -> frozenset[str]:
        """Return the fields of the costs that were measured; the others are forecasts."""

    @property
    def record(self) -> Record | None:
        """Return the trial; None when it was not trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Separation:
    """Separation: a cost by which tied optimizers were left behind, since it is clearly less for others."""

    cost: str
    """A field of a record, or `settings`."""
    left_behind: tuple[str, ...]


def check_goal(goal: str | None) -> None:
    """Raise BadValue unless a goal is one there is, or none was given."""
    if goal is not None:
        check_one_of("goal", goal, GOALS)


def separate(
    goal: str, tied: Mapping[str, Costed], limits: Limits
) -> tuple[tuple[str, ...], tuple[Separation, ...]]:
    """Return the tied optimizers that the goal prefers, and by which costs the others were left behind.

    One cost after another: those stay that have about the least of it. A cost that is not known of all of
    them, or measured of some and forecast of others, decides nothing.
    """
    left, separations = tuple(tied), []
    costs = GOALS.get(goal, GOALS[USUAL])
    for cost in (*costs, SETTINGS) if costs else ():
        values = _values(cost, {name: tied[name] for name in left})
        if values is None:
            continue
        enough = max(SAME * min(values.values()), min(values.values()) + _felt(cost, goal, tied, limits))
        behind = tuple(name for name in left if values[name] > enough)
        if behind:
            separations.append(Separation(cost=cost, left_behind=behind))
            left = tuple(name for name in left if name not in behind)
    return left, tuple(separations)


def cost_of(recipe: Costed, cost: str) -> float | None:
    """Return a cost of a recipe, or the number of its optimizer's settings; None when it is not known."""
    if cost != SETTINGS:
        return recipe.costs[cost]
    return sum(key.startswith("optimizer.") for key in recipe.record.params) if recipe.record else None


def _values(cost: str, recipes: Mapping[str, Costed]) -> dict[str, float] | None:
    values = {name: cost_of(recipe, cost) for name, recipe in recipes.items()}
    known = {name: value for name, value in values.items() if value is not None}
    kinds = {cost in recipe.measured for recipe in recipes.values()}
    return known if len(known) == len(values) and (cost == SETTINGS or len(kinds) == 1) else None


def _felt(cost: str, goal: str, tied: Mapping[str, Costed], limits: Limits) -> float:
    """Return the difference that nobody feels; 0 of what is not bytes, or where memory counts."""
    peaks = [peak for recipe in tied.values() if (peak := recipe.costs["peak_bytes"]) is not None]
    near = limits.train_bytes is not None and max(peaks, default=math.inf) > NEAR * limits.train_bytes
    return 0 if goal == "memory" or near or not cost.endswith("_bytes") else FELT_BYTES
