"""Who goes on training, who survives, who is confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.direction import MAXIMIZE, MINIMIZE
from studies.record import Measurement
from studies.rungs import rungs
from studies.search.confirm import FINALISTS, SEEDS, first_runs, reserve_seconds
from studies.search.promotion import BestThird, BetterHalf
from studies.search.pruner import contenders, in_contention, score, survivors

from records import record

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 5)), max_size=8)


@given(st.integers(1, 500))
def test_rungs_climb_to_the_whole_run(epochs):
    ladder = rungs(epochs)

    assert ladder[-1] == epochs
    assert list(ladder) == sorted(set(ladder))
    assert len(ladder) <= (4 if epochs >= 27 else 3)


def standings(scores, seconds=1.0):
    return [(score, seconds) for score in scores]


@given(SCORES.filter(bool), SCORES)
def test_at_one_price_whoever_is_promoted_is_at_least_as_good_as_whoever_is_not(new, earlier):
    chosen = BestThird().chosen(standings(new), standings(earlier))

    stopped = [new[index] for index in range(len(new)) if index not in chosen]
    assert all(new[index] <= other for index in chosen for other in stopped)


@given(SCORES.filter(bool), SCORES, st.integers(1, 3))
def test_an_optimizer_that_wants_whole_runs_gets_them(new, earlier, wanting):
    chosen = BestThird(at_least=wanting).chosen(standings(new), standings(earlier))

    assert len(chosen) >= min(wanting, len(new))


def test_one_in_three_goes_on():
    new = standings([(0.1, 0.0), (0.2, 0.0), (0.3, 0.0)])

    assert BestThird().chosen(new) == {0}
    assert BestThird().chosen(new, standings([(0.05, 0.0)] * 6)) == set()
    assert BestThird().chosen(new, standings([(0.9, 0.0)] * 6)) == {0, 1, 2}


@given(SCORES.filter(bool), st.floats(0.1, 10))
def test_the_better_half_goes_on_whatever_the_unit_of_the_price(new, seconds):
    chosen = BetterHalf().chosen(standings(new, seconds))

    assert len(chosen) == max(1, len(new) // 2)
    assert chosen == BetterHalf().chosen(standings(new))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8, unique=True), st.floats(1, 100))
def test_of_two_at_neighbouring_ranks_a_cheaper_one_is_never_stopped_for_the_worse_dearer(losses, times):
    """A dearer run has to be better, not worse, to be gone on with."""
    new = [((loss, 0.0), 1.0 if index % 2 else times) for index, loss in enumerate(sorted(losses))]
    chosen = BetterHalf().chosen(new)

    for cheap in range(1, len(new), 2):
        for dear in range(cheap + 1, len(new), 2):
            assert cheap in chosen or dear not in chosen


def test_a_run_that_costs_three_times_as_much_gives_way_to_one_that_is_almost_as_good():
    new = [((0.10, 0.0), 1.0), ((0.11, 0.0), 3.0), ((0.12, 0.0), 1.0), ((0.3, 0.0), 1.0)]

    assert BetterHalf().chosen(new) == {0, 2}
    assert BetterHalf().chosen([(score, 1.0) for score, _ in new]) == {0, 1}


def test_what_has_no_finite_score_goes_on_only_where_it_has_to():
    lost = [((float("inf"), float("inf")), 1.0)] * 2

    assert BetterHalf().chosen(lost) == set()
    assert len(BetterHalf(at_least=1).chosen(lost)) == 1


def test_optimizers_stay_by_how_far_their_best_recipe_came_and_what_it_scored_there():
    records = [
        record(0, "SGD", 0.90),
        record(1, "AdamW", 0.95),
        record(2, "Adagrad", 0.99, state="pruned"),
        record(3, "Lion", None, state="failed"),
    ]
    names = ("Lion", "Adagrad", "SGD", "AdamW")

    assert contenders(records, names, MAXIMIZE, keep=1) == ("AdamW",)
    assert set(contenders(records, names, MAXIMIZE, keep=9)) == {"SGD", "AdamW", "Adagrad"}


def test_an_optimizer_is_in_contention_until_its_best_whole_run_is_in_the_worse_half():
    records = [record(0, "SGD", 0.90), record(1, "AdamW", 0.95), record(2, "Adagrad", 0.8)]

    contending = [
        name for name in ("SGD", "AdamW", "Adagrad", "Lion") if in_contention(records, name, MAXIMIZE)
    ]
    assert contending == ["SGD", "AdamW", "Lion"]


def test_an_optimizer_without_a_whole_run_is_in_contention_while_it_is_in_the_better_half_at_its_rung():
    def pruned(number, name, metric):
        point = Measurement(epoch=1, step=1, seconds=0, train_loss=0, valid_loss=1, valid_metric=metric)
        return replace(record(number, name, metric, state="pruned"), curve=(point,))

    records = [pruned(0, "SGD", 0.5), pruned(1, "AdamW", 0.9), pruned(2, "Lion", 0.8), pruned(3, "Muon", 0.6)]

    contending = [name for name in ("SGD", "AdamW", "Lion", "Muon") if in_contention(records, name, MAXIMIZE)]
    assert contending == ["AdamW", "Lion"]


def test_a_score_prefers_the_metric_and_breaks_ties_by_loss():
    def curve(*points):
        return [
            Measurement(epoch=i, step=i, seconds=0, train_loss=0, valid_loss=loss, valid_metric=metric)
            for i, (metric, loss) in enumerate(points, start=1)
        ]

    assert score(curve((0.5, 1.0), (0.9, 0.4), (0.9, 0.3)), 3, MAXIMIZE) == (-0.9, 0.3)
    assert score(curve((0.5, 1.0), (0.9, 0.4), (0.9, 0.3)), 2, MAXIMIZE) == (-0.9, 0.4)
    assert score(curve((5.0, 1.0), (3.0, 0.4)), 2, MINIMIZE) == (3.0, 0.4)
    assert score(curve((0.5, 1.0)), 2, MAXIMIZE) is None


def test_only_whole_runs_decide_between_optimizers():
    records = [
        record(0, "SGD", 0.90),
        record(1, "AdamW", 0.95),
        record(2, "Adagrad", 0.99, state="pruned"),
    ]

    assert survivors(records, ("SGD", "AdamW", "Adagrad"), MAXIMIZE, keep=1) == ("AdamW",)
    assert survivors(records, ("SGD", "AdamW", "Adagrad"), MINIMIZE, keep=1) == ("SGD",)
    assert survivors(records, ("SGD", "AdamW", "Adagrad"), MAXIMIZE, keep=9) == ("SGD", "AdamW")


RACE = tuple(
    record(n, name, quality)
    for n, (name, quality) in enumerate([("A", 0.9), ("B", 0.95), ("C", 0.8), ("D", 0.7)])
)


def due(records=RACE, *, seed=7, seconds=1e9, **options):
    runs = first_runs(records, "ABCD", MAXIMIZE, seed=seed, seconds=seconds, **options)
    return [(run.record.optimizer, run.seed) for run in runs]


def test_every_finalist_gets_one_fresh_seed_first_and_it_is_the_same_for_all():
    assert due() == [("B", 8), ("A", 8), ("C", 8)]


def test_confirmation_goes_on_where_it_stopped():
    done = record(9, "B", 0.94, stage="confirm", seed=8, source=1)

    assert due((*RACE, done)) == [("A", 8), ("C", 8)]


def test_little_time_means_fewer_finalists_before_fewer_seeds_of_the_best_one():
    one_run = RACE[0].took_seconds

    assert len(due(seconds=(FINALISTS + SEEDS - 1 + 0.1) * one_run)) == FINALISTS
    assert due(seconds=(FINALISTS + SEEDS - 1.1) * one_run) == [("B", 8), ("A", 8)]
    assert due(seconds=1.1 * one_run) == due(seconds=-1.0) == [("B", 8)]


def test_at_most_a_set_share_of_the_budget_is_kept_back():
    assert reserve_seconds(RACE, "ABCD", MAXIMIZE, budget_seconds=1.0) == pytest.approx(0.4)
    assert reserve_seconds((), "ABCD", MAXIMIZE, budget_seconds=1.0) == 0.0
