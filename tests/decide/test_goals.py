"""Goals: one table, and what each makes small among optimizers that the trials cannot tell apart."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.goals import FELT_BYTES, GOALS, LESS, SETTINGS, USUAL, Separation, check_goal, separate
from studies.costs import COSTS
from studies.errors import BadValue
from studies.limits import Limits
from studies.record import Record

from records import record

RUN = record(0)
MIB = 2**20


@dataclass(frozen=True)
class Spent:
    costs: dict[str, Any]
    measured: frozenset[str] = frozenset({"optimizer_state_bytes", "train_seconds", "peak_bytes"})
    record: Record | None = RUN


def spent(state: float | None, seconds: float | None, peak: float = 100 * MIB, **fields: Any) -> Spent:
    return Spent({"optimizer_state_bytes": state, "train_seconds": seconds, "peak_bytes": peak}, **fields)


SMALL = spent(10 * MIB, 9.0)
QUICK = spent(90 * MIB, 1.0)


def preferred(goal: str, **tied: Spent) -> tuple[str, ...]:
    return separate(goal, tied, Limits())[0]


def test_a_goal_makes_costs_small_that_there_are():
    assert USUAL in GOALS
    costs = {cost for costs in GOALS.values() for cost in costs}
    assert {*costs, SETTINGS} == set(LESS)
    assert costs <= {cost.field for cost in COSTS}


def test_speed_prefers_the_quick_one_and_memory_the_small_one():
    chosen = [preferred(goal, small=SMALL, quick=QUICK) for goal in ("speed", "memory", "balanced", "glory")]
    assert chosen == [("quick",), ("small",), ("small",), ("small",)]
    assert preferred("quality", small=SMALL, quick=QUICK) == ("small", "quick")


def test_the_cost_that_really_separated_them_is_named():
    tied = {"a": spent(76_832, 2.0), "b": spent(76_832, 1.0), "c": spent(76_808, 3.0)}
    left, separations = separate("balanced", tied, Limits())
    assert left == ("b",)
    assert separations == (Separation(cost="train_seconds", left_behind=("a", "c")),)


@given(st.floats(0, FELT_BYTES), st.floats(0, FELT_BYTES))
def test_less_than_a_mebibyte_decides_nothing_where_no_limit_is_near(one, other):
    tied = {"one": spent(one, 1.0), "other": spent(other, 1.0)}
    assert preferred("balanced", **tied) == ("one", "other")


def test_a_little_memory_decides_under_the_goal_memory_and_beside_a_limit():
    tied = {"heavy": spent(80_000, 1.0, peak=200_000), "light": spent(0, 1.0, peak=120_000)}
    assert preferred("memory", **tied) == ("light",)
    assert separate("balanced", tied, Limits(train_bytes=210_000))[0] == ("light",)
    assert separate("balanced", tied, Limits(train_bytes=500_000))[0] == ("heavy", "light")


def test_what_is_not_known_of_all_or_forecast_of_some_decides_nothing():
    assert preferred("memory", a=SMALL, b=spent(None, 9.0)) == ("a", "b")
    forecast = spent(90 * MIB, 9.0, measured=frozenset({"train_seconds"}))
    assert preferred("memory", a=SMALL, b=forecast) == ("a", "b")


def test_a_goal_there_is_not_is_refused():
    assert check_goal(None) is None
    with pytest.raises(BadValue, match="goal 'glory' is not one of quality, speed, memory, balanced"):
        check_goal("glory")
