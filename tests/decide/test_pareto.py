"""The Pareto front: order-free, idempotent, undominated, and no less than that."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from advisor.analysis.pareto import pareto_front_of_contenders, pareto_front_of_records
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from studies.direction import MAXIMIZE, MINIMIZE
from studies.pareto import dominates, pareto_front

from records import record, study

POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), max_size=12)


def itself(point):
    return point


@given(POINTS)
def test_the_front_is_what_nothing_dominates_and_dominates_the_rest(points):
    best = pareto_front(points, itself)

    assert not any(dominates(other, point) for point in best for other in points)
    assert all(any(dominates(point, other) for point in best) for other in points if other not in best)


@given(POINTS, st.randoms(use_true_random=False))
def test_the_front_is_order_free_and_idempotent(points, chance):
    shuffled = list(points)
    chance.shuffle(shuffled)

    assert sorted(pareto_front(points, itself)) == sorted(pareto_front(shuffled, itself))
    assert pareto_front(pareto_front(points, itself), itself) == pareto_front(points, itself)


def test_nothing_dominates_its_equal():
    assert not dominates((1, 2), (1, 2))
    assert pareto_front([(1, 2), (1, 2)], itself) == ((1, 2), (1, 2))


def test_records_are_judged_by_quality_and_costs_in_either_direction():
    good, cheap, beaten = record(0, "AdamW", 0.9), record(1, "SGD", 0.8), record(2, "AdamW", 0.7)
    lost = record(3, "SGD", state="infeasible")

    assert pareto_front_of_records((good, cheap, beaten, lost), MAXIMIZE) == (good, cheap)
    assert pareto_front_of_records((good, cheap, beaten, lost), MINIMIZE) == (cheap, beaten)


def test_a_cost_that_was_not_measured_counts_as_infinite():
    measured, unknown = record(0, "AdamW", 0.9), replace(record(1, "AdamW", 0.9), peak_bytes=None)

    assert pareto_front_of_records((measured, unknown), MAXIMIZE) == (measured,)


def test_contenders_without_a_run_are_left_out():
    advice = recommend(
        Evidence(records=study({"AdamW": [0.9], "SGD": [0.8]}), candidates=("AdamW", "SGD", "Adam"))
    )

    assert {contender.optimizer for contender in pareto_front_of_contenders(advice.contenders, MAXIMIZE)} == {
        "AdamW",
        "SGD",
    }
