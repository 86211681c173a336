"""Directions: which way a metric is better, said in one place."""

import copy
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.evidence import Evidence
from studies.direction import MAXIMIZE, MINIMIZE, Direction
from studies.errors import BadValue
from studies.metrics import METRICS
from studies.record import Record

BOTH = pytest.mark.parametrize("direction", Direction)
VALUES = st.floats(allow_nan=False)


def test_more_is_better_where_the_metric_is_maximized():
    assert MAXIMIZE.better(0.9, 0.8)
    assert MINIMIZE.better(0.8, 0.9)


@BOTH
@given(left=VALUES, right=VALUES)
def test_the_better_of_two_values_has_the_smaller_loss(direction, left, right):
    assert direction.better(left, right) == (direction.loss(left) < direction.loss(right))
    assert not (direction.better(left, right) and direction.better(right, left))
    assert direction.value_of(direction.loss(left)) == left


@BOTH
@given(values=st.lists(VALUES, min_size=1))
def test_nothing_is_better_than_the_best(direction, values):
    assert not any(direction.better(value, direction.best(values)) for value in values)


@BOTH
def test_a_run_without_a_quality_is_worse_than_any_and_nan_better_than_none(direction):
    assert all(direction.better(value, None) for value in (-1e300, 0.0, 1e300))
    assert not direction.better(None, 0.0)
    assert not direction.better(math.nan, 0.0)
    assert direction.best([]) is None


@BOTH
def test_a_direction_is_its_own_text(direction):
    text = direction.value
    assert (direction == text, hash(direction), str(direction), repr(direction)) == (
        True,
        hash(text),
        text,
        repr(text),
    )
    assert json.dumps({"direction": direction}) == json.dumps({"direction": text})
    assert copy.deepcopy(direction) is Direction(text) is direction


def test_a_word_that_is_no_direction_is_named():
    with pytest.raises(BadValue, match="direction 'up' is neither maximize nor minimize"):
        Evidence(direction="up")


def test_evidence_takes_a_direction_as_text():
    assert Evidence(direction="minimize").direction is MINIMIZE


def test_a_metric_knows_its_direction():
    assert METRICS["accuracy"].better(0.9, 0.8)
    assert METRICS["rmse"].better(0.8, 0.9)
    assert (METRICS["accuracy"].loss(0.9), METRICS["rmse"].loss(0.9)) == (-0.9, 0.9)


def test_a_quality_of_zero_is_one_and_none_is_not():
    run = Record(number=3, state="complete", stage="race", seed=0, params={}, quality=0.0)
    assert run.measured_quality == 0.0
    with pytest.raises(ValueError, match="trial 3 has no quality"):
        _ = Record(number=3, state="pruned", stage="race", seed=0, params={}).measured_quality
