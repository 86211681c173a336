"""Early ranks: whether the order at a rung is that at the end, over all runs and within an optimizer."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.analysis.early_ranks import FEWEST, early_ranks, in_words, spearman
from studies.direction import MAXIMIZE, MINIMIZE, Direction

from records import record


def run(number, optimizer, early, last, epochs=9, **fields):
    """Return a whole run whose metric is `early` for its first third, then `last`."""
    base = record(number, optimizer, last, epochs=epochs, **fields)
    curve = tuple(
        replace(point, valid_metric=early if point.epoch <= epochs // 3 else last) for point in base.curve
    )
    return replace(base, curve=curve, quality=last)


def by(correlations, over, epoch=3):
    return next(each for each in correlations if (each.over, each.epoch) == (over, epoch))


def test_runs_in_the_same_order_early_and_late_agree_fully_and_in_the_opposite_order_not():
    same = [run(n, "AdamW", 0.1 + n / 100, 0.5 + n / 100) for n in range(20)]
    opposite = [run(n, "AdamW", 0.5 - n / 100, 0.6 + n / 100) for n in range(20)]

    assert by(early_ranks(same, MAXIMIZE), "all runs").correlation == pytest.approx(0.999, abs=1e-6)
    assert by(early_ranks(opposite, MAXIMIZE), "all runs").correlation == pytest.approx(-0.999, abs=1e-6)
    assert in_words(early_ranks(same, MAXIMIZE)).startswith("Ranks at epoch 3 of 9 foretell the last ones")


def test_optimizers_that_differ_from_the_start_agree_over_all_though_their_own_runs_do_not():
    draw = random.Random(3)  # noqa: S311 - a made study
    runs = [
        run(10 * place + n, name, 0.2 * place + draw.random() / 20, 0.2 * place + 0.3 + draw.random() / 20)
        for place, name in enumerate(("SGD", "AdamW", "Muon"))
        for n in range(10)
    ]
    correlations = early_ranks(runs, MAXIMIZE)

    assert by(correlations, "all runs").low > 0.7
    assert by(correlations, "within optimizers").low < 0.3
    assert "within an optimizer" in in_words(correlations)


def test_the_interval_holds_the_true_correlation_nine_times_in_ten():
    draw = random.Random(5)  # noqa: S311 - made studies
    covered = 0
    for _ in range(200):
        pairs = [(z := draw.gauss(0, 1), 0.6 * z + 0.8 * draw.gauss(0, 1)) for _ in range(25)]
        runs = [run(n, "AdamW", early, last) for n, (early, last) in enumerate(pairs)]
        each = by(early_ranks(runs, MAXIMIZE), "all runs")
        covered += each.low <= 0.582 <= each.high  # Spearman's of a Pearson correlation of 0.6

    assert 165 <= covered <= 196


def test_stopped_runs_and_repeats_say_nothing_and_few_runs_neither():
    few = [run(n, "AdamW", n / 10, n / 10) for n in range(FEWEST - 1)]
    others = [
        run(10, "AdamW", 0.1, 0.2, stage="confirm"),
        record(11, "AdamW", 0.3, state="pruned"),
        record(12, "AdamW", None, state="failed"),
    ]

    assert early_ranks((*few, *others), MAXIMIZE) == ()
    assert in_words(()).startswith("No early ranks yet")


@given(
    points=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30),
    direction=st.sampled_from((MAXIMIZE, MINIMIZE)),
)
def test_correlations_lie_in_their_intervals_and_these_in_their_bounds(points, direction: Direction):
    runs = [run(n, ("SGD", "AdamW")[n % 2], early, last) for n, (early, last) in enumerate(points)]

    for each in early_ranks(runs, direction):
        assert -1 <= each.low <= each.correlation <= each.high <= 1
        assert each.compared <= len(runs)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=12))
def test_the_rank_correlation_is_that_of_scipy(pairs):
    from scipy.stats import spearmanr

    ours = spearman(pairs)
    if ours is not None:
        assert ours == pytest.approx(spearmanr(*zip(*pairs, strict=True)).statistic, abs=1e-9)
