"""What more trials or seeds are worth."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.posterior import Posterior
from advisor.decide.value_of_trials import value_of_seeds, value_of_trials
from advisor.evidence import Evidence

from records import confirmations, study

NAMES = ("AdamW", "SGD")
GAPS = st.lists(st.floats(0, 1.5), min_size=1, max_size=6)


def searched(adamw, sgd, **fields):
    """Return evidence of a minimized loss whose trials have these gaps."""
    losses = {"AdamW": [math.exp(gap) for gap in adamw], "SGD": [math.exp(gap) for gap in sgd]}
    return Evidence(records=study(losses, direction="minimize"), direction="minimize", **fields)


def value(evidence, count, advised="AdamW"):
    return value_of_trials(evidence, Posterior.of(evidence), advised, NAMES, count)


@given(GAPS, GAPS, st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_the_value_is_a_probability_and_a_gain_and_the_same_every_time(adamw, sgd, count):
    evidence = searched(adamw, sgd)
    first, second = value(evidence, count), value(evidence, count)

    assert first == second
    assert 0 <= first.changes <= 1
    assert first.gain >= 0


def test_what_is_far_behind_after_many_trials_is_not_brought_back_by_a_few():
    settled = searched([0.0, *[0.3] * 19], [1.2] * 20)

    assert value(settled, 4).changes < 0.02


def test_more_trials_are_worth_more_and_the_first_ones_most():
    early, late = searched([0.0], [0.1]), searched([0.0] * 20, [0.1] * 20)

    assert value(early, 2).gain < value(early, 20).gain
    assert value(late, 4).gain < value(early, 4).gain


def test_without_a_whole_run_nothing_is_said():
    nothing = Evidence(candidates=NAMES)

    assert value_of_trials(nothing, Posterior.of(nothing), "AdamW", NAMES, 5) is None


def repeated(*, apart, rows=200):
    records = study({"AdamW": [0.9], "SGD": [0.9 - apart]})
    runs = [
        *confirmations(2, "AdamW", [0.9, 0.91, 0.89], source=0),
        *confirmations(5, "SGD", [0.9 - apart, 0.89 - apart, 0.91 - apart], source=1),
    ]
    return Posterior.of(Evidence(records=(*records, *runs), valid_rows=rows))


@pytest.mark.parametrize("fresh_splits", [False, True])
def test_more_seeds_change_nothing_where_the_difference_is_clear(fresh_splits):
    clear = repeated(apart=0.3, rows=5000)

    assert value_of_seeds(clear, "AdamW", NAMES, 5, fresh_splits=fresh_splits).changes < 0.01


def test_fresh_splits_can_change_more_than_seeds_on_the_same_rows():
    close = repeated(apart=0.01)
    same, fresh = (
        value_of_seeds(close, "AdamW", NAMES, 5, fresh_splits=fresh_splits) for fresh_splits in (False, True)
    )

    assert same.changes < fresh.changes
    assert same.gain < fresh.gain
