"""What trials promise for a budget, and how soon optimizers reach a target."""

import math
import random
from itertools import product
from statistics import fmean

import pytest

from advisor.analysis.targets import (
    default_target,
    loss_ratios,
    performance_profile,
    time_ratios,
    times_to_target,
)
from advisor.analysis.tuning_curves import tuning_curves
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence
from studies.direction import Direction
from studies.pareto import dominates, pareto_front

from records import confirmations, facts, record, study


def evidence(records, direction="maximize", metric="accuracy"):
    return Evidence(facts=facts(), records=tuple(records), direction=direction, metric=metric)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_promise_is_the_mean_over_all_draws(direction):
    qualities = (0.7, 0.9, 0.8, 0.6)
    promised = tuning_curves(evidence(study({"SGD": qualities}), direction))["SGD"]
    best = max if Direction(direction).maximizes else min
    assert [point.trials for point in promised] == [1, 2, 3, 4]
    for point in promised:
        assert point.mean == pytest.approx(
            fmean(best(drawn) for drawn in product(qualities, repeat=point.trials))
        )
        assert best(point.lower, point.upper) == point.upper


def test_more_trials_never_promise_less():
    chance = random.Random(0)  # noqa: S311 - no secret
    promised = tuning_curves(evidence(study({"SGD": [chance.uniform(0.5, 0.99) for _ in range(300)]})))["SGD"]
    for name in ("mean", "lower", "upper"):
        values = [getattr(point, name) for point in promised]
        assert values == sorted(values)
    assert (promised[0].trials, promised[-1].trials, len(promised) <= 42) == (1, 300, True)


def test_a_lost_trial_counts_as_the_worst_and_a_stopped_one_not_at_all():
    whole = study({"SGD": (0.9, 0.8), "AdamW": (0.5,)})
    lost, stopped = record(3, "SGD", None, state="infeasible"), record(4, "SGD", 0.1, state="pruned")
    promised = tuning_curves(evidence((*whole, lost, stopped)))["SGD"]
    assert promised[0].mean == pytest.approx(fmean((0.9, 0.8, 0.5)))
    assert promised[-1].trials == 3
    assert tuning_curves(evidence((lost, stopped))) == {}


def test_a_target_is_reached_by_the_first_point_as_good():
    runs = (record(0, "SGD", 0.8), record(1, "AdamW", 0.9), record(2, "AdamW", 0.95, epochs=20))
    by_name = {reach.optimizer: reach for reach in times_to_target(evidence(runs), 0.85)}
    assert (by_name["SGD"].reached, by_name["SGD"].fastest_seconds) == (0, None)
    point = next(point for point in runs[1].curve if point.valid_metric >= 0.85)
    assert (by_name["AdamW"].fastest_seconds, by_name["AdamW"].fewest_steps) == (point.seconds, point.step)
    assert (by_name["AdamW"].fastest_trial, by_name["AdamW"].reached, by_name["AdamW"].runs) == (1, 2, 2)
    assert [reach.optimizer for reach in times_to_target(evidence(runs), 0.85)] == ["AdamW", "SGD"]


def test_the_usual_target_is_the_recommended_quality_less_the_tie_margin():
    known = evidence(study({"SGD": (0.8, 0.7), "AdamW": (0.9, 0.85)}, confirmed={"AdamW": (0.9, 0.91)}))
    advice = recommend(known)
    target = default_target(known, advice)
    assert math.log((1 - target) / (1 - advice.quality)) == pytest.approx(advice.margin)
    loss_scale = LossScale.of(known)

    assert loss_scale.quality(loss_scale.gap(0.77)) == pytest.approx(0.77)


def test_ratios_are_against_the_best_of_the_study():
    known = evidence(study({"SGD": (0.8,), "AdamW": (0.9,)}))
    assert loss_ratios(known, recommend(known)) == pytest.approx({"AdamW": 1.0, "SGD": 2.0})
    assert time_ratios(known, 0.85) == {"AdamW": 1.0, "SGD": math.inf}
    assert time_ratios(known, 0.99) == {}


def test_a_profile_climbs_to_the_share_of_studies_that_were_solved():
    ratios = {"a": {"SGD": 1.0, "AdamW": 2.0, "Lion": 1.5}, "b": {"SGD": math.inf, "AdamW": 1.0}}
    assert performance_profile(ratios) == {"AdamW": ((1.0, 0.5), (2.0, 1.0)), "SGD": ((1.0, 0.5),)}
    assert performance_profile({}) == {}


def test_each_two_optimizers_beat_each_other_with_one_probability_in_all():
    runs = study(
        {"SGD": (0.7, 0.72), "AdamW": (0.9, 0.91), "Adam": (0.9, 0.9)},
        confirmed={"AdamW": (0.9, 0.91, 0.905)},
    )
    wins = Posterior.of(evidence(runs)).beats()
    for first, second in (("SGD", "AdamW"), ("AdamW", "Adam"), ("SGD", "Adam")):
        assert wins[first][second] + wins[second][first] == pytest.approx(1)
    assert wins["AdamW"]["SGD"] > 0.95
    assert "SGD" not in wins["SGD"]


def test_equal_optimizers_beat_each_other_alike():
    runs = study({"SGD": (0.8, 0.7), "AdamW": (0.8, 0.7)})
    assert Posterior.of(evidence(runs)).beats()["SGD"]["AdamW"] == pytest.approx(0.5, abs=0.06)


def test_the_front_is_what_a_look_at_all_pairs_gives():
    chance = random.Random(0)  # noqa: S311 - no secret
    for _ in range(50):
        points = [(chance.randrange(6), chance.randrange(6), chance.randrange(3)) for _ in range(40)]
        slow = tuple(point for point in points if not any(dominates(other, point) for other in points))
        assert pareto_front(points, lambda point: point) == slow


def test_confirmation_runs_reach_targets_too():
    runs = (record(0, "SGD", 0.8), *confirmations(1, "SGD", (0.9, None), source=0))
    assert [(reach.runs, reach.reached) for reach in times_to_target(evidence(runs), 0.85)] == [(2, 1)]
