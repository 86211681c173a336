"""Goals: one table, and what each makes small."""

from dataclasses import dataclass
from typing import Any

import pytest

from advisor.goals import GOALS, LESS, USUAL, check_goal, criteria
from studies.costs import COSTS
from studies.errors import BadValue
from studies.record import Record

from records import record

RUN = record(0)


@dataclass(frozen=True)
class Spent:
    costs: dict[str, Any]
    record: Record | None = RUN


SMALL = Spent({"optimizer_state_bytes": 100, "train_seconds": 9.0})
QUICK = Spent({"optimizer_state_bytes": 900, "train_seconds": 1.0})


def preferred(goal):
    wanted = criteria(goal, {"small": SMALL, "quick": QUICK})
    return min(wanted, key=lambda name: tuple(wanted[name].values()))


def test_a_goal_makes_costs_small_that_there_are():
    assert USUAL in GOALS
    assert {cost for costs in GOALS.values() for cost in costs} == set(LESS) <= {cost.field for cost in COSTS}


def test_speed_prefers_the_quick_one_and_memory_the_small_one():
    assert [preferred(goal) for goal in ("speed", "memory", "balanced", "glory")] == [
        "quick",
        "small",
        "small",
        "small",
    ]
    assert criteria("quality", {"small": SMALL}) == {"small": {}}


def test_what_is_not_known_of_all_decides_nothing():
    unknown = Spent({"optimizer_state_bytes": None, "train_seconds": 1.0})
    assert all(
        "less optimizer state" not in values
        for values in criteria("memory", {"a": SMALL, "b": unknown}).values()
    )


def test_a_goal_there_is_not_is_refused():
    assert check_goal(None) is None
    with pytest.raises(BadValue, match="goal 'glory' is not one of quality, speed, memory, balanced"):
        check_goal("glory")
