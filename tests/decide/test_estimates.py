"""From trials to one estimate an optimizer: scales, the best of n, confirmation."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from statistics import fmean, pvariance

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.decide.estimates import estimates
from advisor.decide.scale import CAP, SHARED, LossScale, best_of, luck_of_best, variance_of_best
from advisor.evidence import Evidence

from records import confirmations, record, study

GAPS = st.lists(st.floats(0, 2), min_size=1, max_size=12)


def evidence(records, **fields):
    return Evidence(records=tuple(records), **fields)


def losses(*gaps):
    """Return qualities of a minimized metric with these gaps to the best, whose loss is 1."""
    return [math.exp(gap) for gap in gaps]


# ---------------------------------------------------------------- gaps


def test_a_score_loses_what_it_lacks_to_one():
    loss_scale = LossScale.of(evidence([record(0, quality=0.9), record(1, quality=0.8)]))

    assert loss_scale.gap(0.9) == pytest.approx(0)
    assert loss_scale.gap(0.8) == pytest.approx(math.log(2))


def test_a_perfect_score_still_lacks_half_a_validation_row():
    loss_scale = LossScale.of(evidence([record(0, quality=1.0)], valid_rows=100))

    assert loss_scale.loss(1.0) == pytest.approx(0.005)
    assert loss_scale.gap(0.99) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("direction", "metric", "best", "other", "gap"),
    [
        pytest.param("minimize", "rmse", 50.0, 55.0, math.log(1.1), id="a minimized metric is its own loss"),
        pytest.param(
            "minimize", "loss", -2.0, -1.0, math.log(1.5), id="a log-density is measured from its best"
        ),
        pytest.param("minimize", "mse", 0.0, 0.0, 0.0, id="a loss of 0 is no division by 0"),
        pytest.param("maximize", "accuracy", 90.0, 80.0, math.log(2), id="per cent end at 100"),
        pytest.param("maximize", "reward", 1000.0, 500.0, math.log(1.5), id="a reward has no ceiling"),
        pytest.param("maximize", "neg_log_loss", -0.2, -0.4, math.log(2), id="a negated loss ends at 0"),
        pytest.param("maximize", "r2", -0.5, -2.0, math.log(2), id="r2 may be negative"),
    ],
)
def test_every_kind_of_metric_has_a_scale(direction, metric, best, other, gap):
    loss_scale = LossScale.of(evidence([record(0, quality=best)], direction=direction, metric=metric))

    assert loss_scale.gap(best) == pytest.approx(0)
    assert loss_scale.gap(other) == pytest.approx(gap)


# ---------------------------------------------------------------- the best of n


@given(GAPS, st.integers(1, 12))
def test_the_v_statistic_is_the_mean_of_the_smallest_of_so_many_draws(gaps, trials):
    trials = min(trials, len(gaps))
    ordered, n = sorted(gaps), len(gaps)
    cdf = [(rank + 1) / n for rank in range(n)]
    slow = sum(
        gap * ((1 - (cdf[rank - 1] if rank else 0)) ** trials - (1 - cdf[rank]) ** trials)
        for rank, gap in enumerate(ordered)
    )

    assert best_of(gaps, trials, 0.6) == pytest.approx(slow, abs=1e-12)


@given(GAPS)
def test_the_best_of_one_is_the_mean_and_the_best_of_many_never_beats_the_best_seen(gaps):
    assert best_of(gaps, 1, 0.6) == pytest.approx(fmean(gaps))
    assert min(gaps) - 1e-12 <= best_of(gaps, len(gaps), 0.6) <= fmean(gaps) + 1e-12


@given(GAPS)
def test_more_trials_promise_a_smaller_gap(gaps):
    promised = [best_of(gaps, trials, 0.6) for trials in (1, 2, 4, 8, 16, 32)]

    assert all(more <= fewer + 1e-9 for fewer, more in pairwise(promised))


@given(GAPS)
def test_the_bootstrap_variance_is_that_of_the_smallest_of_so_many_draws(gaps):
    n = len(gaps)
    smallest = [min(gaps[i] for i in draw) for draw in np.random.default_rng(0).integers(0, n, (4000, n))]

    # the standard error of a variance of 4,000 numbers between 0 and 2 is below 0.02
    assert variance_of_best(gaps) == pytest.approx(pvariance(smallest), abs=0.08)


def test_it_is_right_on_average_where_the_loss_has_a_bottom():
    samples = np.random.default_rng(0).gamma(2.0, 0.42, (4000, 5))
    mean_variance = fmean(variance_of_best(list(row)) for row in samples)

    assert pvariance(best_of(list(row), 5, 0.0) for row in samples) == pytest.approx(mean_variance, rel=0.15)


def test_how_bad_the_worst_trials_are_adds_no_doubt_about_the_best_of_many():
    good = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]

    assert variance_of_best([*good, *[2.0] * 4]) < 0.001


# ---------------------------------------------------------------- validation rows


def test_few_wrong_rows_tell_less_apart():
    variances = [
        LossScale.of(evidence([record(0, quality=1 - wrong / 1000)], valid_rows=1000)).row_variance
        for wrong in (0, 1, 10, 100)
    ]

    assert all(fewer > more for fewer, more in pairwise(variances))
    assert variances[3] == pytest.approx((1 - SHARED) / 101)


def test_half_a_row_is_the_resolution_of_a_score_and_a_loss_has_none():
    perfect, score, loss = (
        LossScale.of(evidence([record(0, quality=1.0)], valid_rows=100)),
        LossScale.of(evidence([record(0, quality=90.0)], valid_rows=100)),
        LossScale.of(evidence([record(0, quality=0.1)], valid_rows=100, direction="minimize", metric="loss")),
    )

    assert perfect.resolution == pytest.approx(math.log(2))
    assert score.resolution == pytest.approx(math.log(10.5 / 10))
    assert loss.resolution < 1e-9
    assert loss.row_variance == pytest.approx((1 - SHARED) / 201)


def test_a_large_validation_split_leaves_less_doubt_about_a_confirmed_optimizer():
    records = study({"AdamW": [0.9], "SGD": [0.8]}, confirmed={"AdamW": [0.9, 0.9, 0.9]})
    small, large = (
        estimates(evidence(records, valid_rows=rows)).by_optimizer["AdamW"] for rows in (100, 10_000)
    )

    assert large.variance < small.variance / 2


# ---------------------------------------------------------------- estimates


def test_lost_trials_count_as_the_cap_and_pruned_ones_not_at_all():
    lost = evidence([record(0, quality=0.9), record(1, "SGD", state="infeasible")])
    pruned = evidence([record(0, quality=0.9), record(1, "SGD", 0.5, state="pruned")])

    assert estimates(lost).by_optimizer["SGD"].gap == pytest.approx(CAP)
    assert "SGD" not in estimates(pruned).by_optimizer


def test_an_optimizer_that_lost_every_trial_leaves_more_doubt_about_tuning_the_others():
    single = [record(0, quality=0.9), record(1, "SGD", quality=0.8)]
    lost = [record(0, quality=0.9), record(1, "SGD", state="infeasible")]
    calm, wide = (
        estimates(evidence(records), tuning_trials=1).by_optimizer["AdamW"].variance
        for records in (single, lost)
    )

    assert wide > calm


def test_confirmation_replaces_the_search_and_takes_the_seeds_out():
    searched = study({"AdamW": [1.0, 1.1], "SGD": [1.2, 1.3]}, direction="minimize")
    hard_seed = 2.0
    runs = (
        *confirmations(4, "AdamW", [1.1, 1.1 * hard_seed], source=0, direction="minimize"),
        *confirmations(6, "SGD", [1.32, 1.32 * hard_seed], source=2, direction="minimize"),
    )
    estimated = estimates(evidence([*searched, *runs], direction="minimize"))
    apart = estimated.by_optimizer["SGD"].gap - estimated.by_optimizer["AdamW"].gap

    assert apart == pytest.approx(math.log(1.2))
    assert estimated.measured_seed_sd == pytest.approx(0, abs=1e-9)


def test_a_recipe_that_missed_a_hard_seed_is_not_flattered():
    runs = (
        *confirmations(0, "AdamW", losses(0.0, 1.0, 0.0), source=90, direction="minimize"),
        *confirmations(3, "SGD", losses(0.1, 1.1), source=91, direction="minimize"),
        *confirmations(5, "Momentum", losses(0.2, 1.2, 0.2), source=92, direction="minimize"),
    )
    missing_the_hard_one = tuple(run for run in runs if (run.optimizer, run.seed) != ("SGD", 1001))
    estimated = estimates(evidence(missing_the_hard_one, direction="minimize")).by_optimizer

    assert estimated["SGD"].gap - estimated["AdamW"].gap == pytest.approx(0.1, abs=1e-9)


def test_a_confirmation_run_that_diverged_weighs_on_its_recipe():
    sound = confirmations(0, "AdamW", losses(0, 0, 0), source=90, direction="minimize")
    broken = confirmations(3, "SGD", [1.0, None, 1.0], source=91, direction="minimize")
    estimated = estimates(evidence([*sound, *broken], direction="minimize"))

    assert estimated.by_optimizer["SGD"].gap == pytest.approx(CAP / 3)
    assert estimated.measured_seed_sd == pytest.approx(0, abs=1e-9)


def test_the_luck_of_the_finalists_is_charged_to_the_others():
    searched = study({"AdamW": losses(0.0), "SGD": losses(0.1)}, direction="minimize")
    runs = confirmations(2, "AdamW", losses(0.5, 0.5, 0.5), source=0, direction="minimize")
    estimated = estimates(evidence([*searched, *runs], direction="minimize")).by_optimizer

    assert estimated["SGD"].gap == pytest.approx(0.6)


def test_a_learning_rate_on_the_edge_is_marked_and_leaves_no_more_doubt_about_the_recipe_in_hand():
    inside = evidence([record(0, quality=0.9, units={"optimizer.lr": 0.97})])
    outside = evidence([record(0, quality=0.9, units={"optimizer.lr": -0.99})])
    calm, wide = (estimates(gaps).by_optimizer["AdamW"] for gaps in (inside, outside))

    assert wide.variance == calm.variance
    assert (calm.at_edge, wide.at_edge) == (False, True)


def test_more_trials_leave_less_doubt_about_tuning_anew():
    few, many = (
        estimates(
            evidence(
                study({"AdamW": losses(*[0.0, 0.5] * half)}, direction="minimize"), direction="minimize"
            ),
            tuning_trials=2 * half,
        )
        for half in (1, 6)
    )

    assert many.by_optimizer["AdamW"].variance < few.by_optimizer["AdamW"].variance


def test_tuning_for_longer_trusts_a_wide_spread_more():
    records = study({"AdamW": losses(0.3, 0.31, 0.32), "SGD": losses(0.3, 1.0, 1.9)}, direction="minimize")
    searched_loss = evidence(records, direction="minimize")

    assert (
        estimates(searched_loss, tuning_trials=1).by_optimizer["SGD"].gap
        > estimates(searched_loss, tuning_trials=1).by_optimizer["AdamW"].gap
    )
    assert (
        estimates(searched_loss, tuning_trials=30).by_optimizer["SGD"].gap
        < estimates(searched_loss).by_optimizer["SGD"].gap
    )
    assert replace(searched_loss, records=()).optimizers == ()


# ---------------------------------------------------------------- the recipe in hand


def test_the_best_of_close_trials_was_lucky_and_one_far_ahead_was_not():
    noise = 0.1

    assert luck_of_best([0.0], noise) == 0
    assert luck_of_best([0.0, 0.0, 0.0], noise) == 0
    assert luck_of_best([0.0, 1.0, 1.5], noise) == pytest.approx(0, abs=1e-9)
    assert luck_of_best([0.0, 0.1], noise) > 0.02


@given(st.lists(st.floats(0, 2), min_size=1, max_size=12), st.floats(0.01, 0.5))
def test_luck_is_never_below_zero_nor_more_than_the_best_of_so_many_can_have(gaps, noise):
    most = noise * math.sqrt(2 * math.log(len(gaps)))  # bounds the expected maximum of so many normal draws
    assert 0 <= luck_of_best(gaps, noise) <= most + 1e-12


def test_the_recipe_in_hand_is_judged_by_its_own_gap_however_many_others_were_bad():
    few = study({"AdamW": losses(0.0, 1.5), "SGD": losses(0.2)}, direction="minimize")
    many = study({"AdamW": losses(0.0, *[1.5] * 9), "SGD": losses(0.2)}, direction="minimize")
    first, second = (
        estimates(evidence(records, direction="minimize")).by_optimizer["AdamW"] for records in (few, many)
    )

    assert (first.gap, first.variance) == pytest.approx((second.gap, second.variance))


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_splits_of_their_own_leave_less_of_the_row_variance(seeds):
    searched = study({"AdamW": [0.9], "SGD": [0.85]})
    same = confirmations(2, "AdamW", [0.9] * seeds, source=0)
    fresh = tuple(replace(run, split_seed=run.seed) for run in same)
    on_one, on_many = (
        estimates(evidence([*searched, *runs], valid_rows=50)).by_optimizer["AdamW"] for runs in (same, fresh)
    )

    assert on_one.rows_share == 1
    assert on_many.rows_share < 0.5


def test_runs_on_different_splits_are_paired_by_seed_and_split():
    searched = study({"AdamW": [1.0], "SGD": [1.2]}, direction="minimize")
    hard = (1.0, 1.5, 0.7)
    runs = [
        *confirmations(2, "AdamW", [1.1 * level for level in hard], source=0, direction="minimize"),
        *confirmations(5, "SGD", [1.32 * level for level in hard], source=1, direction="minimize"),
    ]
    fresh = [replace(run, split_seed=run.seed) for run in runs]
    estimated = estimates(evidence([*searched, *fresh], direction="minimize"))
    apart = estimated.by_optimizer["SGD"].gap - estimated.by_optimizer["AdamW"].gap

    assert apart == pytest.approx(math.log(1.2))
    assert estimated.measured_seed_sd == pytest.approx(0, abs=1e-9)


def test_the_seed_spread_is_taken_wide_until_one_is_measured():
    searched = study({"AdamW": [0.9, 0.8], "SGD": [0.85, 0.8]})
    runs = [
        *confirmations(4, "AdamW", [0.9, 0.9, 0.9], source=0),
        *confirmations(7, "SGD", [0.85, 0.85, 0.85], source=2),
    ]
    before, after = estimates(evidence(searched)), estimates(evidence([*searched, *runs]))

    assert before.seed_sd > 1.4 * after.seed_sd
    assert before.measured_seed_sd is None
