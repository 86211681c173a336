"""Intervals: of a mean over seeds, and of what to expect on new rows."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.estimates import estimates
from advisor.decide.interval import half_width, interval, new_rows_interval
from advisor.evidence import Evidence

from records import confirmations, study

ACCURACIES = st.lists(st.integers(0, 200).map(lambda right: right / 200), min_size=2, max_size=5)


def confirmed(*qualities, others=(0.85, 0.87, 0.84), rows=200, direction="maximize"):
    """Return evidence in which AdamW was run again with these results, and SGD with the others."""
    searched = study({"AdamW": [qualities[0]], "SGD": [others[0]]}, direction=direction)
    runs = [
        *confirmations(2, "AdamW", qualities, source=0, direction=direction),
        *confirmations(2 + len(qualities), "SGD", others, source=1, direction=direction),
    ]
    return Evidence(records=(*searched, *runs), valid_rows=rows, direction=direction)


def width(ends):
    return ends[1] - ends[0]


def test_three_seeds_that_agree_by_luck_have_an_interval_all_the_same():
    agreeing = (0.9, 0.9, 0.9)
    pooled = interval(estimates(confirmed(*agreeing)), agreeing)

    assert half_width(agreeing) == pytest.approx(0, abs=1e-12)
    assert pooled is not None
    assert width(pooled) > 0.01


def test_what_other_recipes_show_of_seeds_widens_the_interval():
    calm = interval(estimates(confirmed(0.9, 0.9, 0.9, others=(0.85, 0.85, 0.85))), (0.9, 0.9, 0.9))
    noisy = interval(estimates(confirmed(0.9, 0.9, 0.9, others=(0.75, 0.95, 0.85))), (0.9, 0.9, 0.9))

    assert width(noisy) > 2 * width(calm)


@given(ACCURACIES, ACCURACIES, st.integers(3, 5000))
@settings(max_examples=60, deadline=None)
def test_an_interval_holds_its_value_and_ends_where_the_metric_does(qualities, others, rows):
    estimated = estimates(confirmed(*qualities, others=others, rows=rows))
    ends = (interval(estimated, qualities), new_rows_interval(estimated, "AdamW", qualities))

    for low, high in ends:
        assert low - 1e-12 <= fmean(qualities) <= high + 1e-12
        assert high <= 1


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_intervals_of_a_loss_scale_with_it(scale):
    losses = [scale * value for value in (1.0, 1.1, 0.95)]
    others = [scale * value for value in (1.5, 1.3, 1.4)]
    estimated = estimates(confirmed(*losses, others=others, direction="minimize"))
    low, high = interval(estimated, losses)

    assert 0 < low < min(losses)
    assert max(losses) < high < 2 * scale


def test_new_rows_leave_more_open_than_seeds_and_fewer_rows_still_more():
    accuracies = (0.9, 0.91, 0.9)
    few, many = (estimates(confirmed(*accuracies, rows=rows)) for rows in (50, 5000))
    of_seeds = interval(few, accuracies)
    on_few, on_many = (new_rows_interval(measured, "AdamW", accuracies) for measured in (few, many))

    assert width(of_seeds) < width(on_few)
    assert width(on_many) < width(on_few)
    assert width(new_rows_interval(many, "AdamW", accuracies, test_rows=50)) > width(on_many)


def test_one_run_has_an_interval_for_new_rows_and_none_over_seeds():
    searched = Evidence(records=study({"AdamW": [0.9, 0.8], "SGD": [0.85]}))
    estimated = estimates(searched)

    assert interval(estimated, [0.9]) is None
    assert new_rows_interval(estimated, "AdamW", [0.9]) is not None
    assert new_rows_interval(estimated, "Muon", [0.9]) is None
    assert new_rows_interval(estimated, "AdamW", []) is None


@pytest.mark.parametrize("sd", [0.02, 0.1, 0.2])
def test_nine_of_ten_means_of_fresh_seeds_lie_within_the_interval(sd):
    chance = np.random.default_rng(3)
    holds = []
    for _ in range(300):
        runs = [level * np.exp(sd * chance.standard_normal(3)) for level in (1.0, 1.2, 1.1)]
        searched = study({"AdamW": [1.0], "SGD": [1.2], "Lion": [1.1]}, direction="minimize")
        again = [
            run
            for i, (name, losses) in enumerate(zip(("AdamW", "SGD", "Lion"), runs, strict=True))
            for run in confirmations(
                3 + 3 * i, name, [float(loss) for loss in losses], source=i, direction="minimize"
            )
        ]
        observed = Evidence(records=(*searched, *again), direction="minimize")
        low, high = interval(estimates(observed), [float(loss) for loss in runs[0]])
        holds.append(low <= np.exp(sd * chance.standard_normal(3)).mean() <= high)

    assert fmean(holds) >= 0.85
