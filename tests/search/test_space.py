"""Ranges, coordinates and the way between recipes, points and flat params."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import catalogue
from studies.errors import BadValue, UnknownChoice
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.l2 import L2
from studies.schedules.cosine import Cosine
from studies.space import WARPS, Numeric, ranges

from search_points import SPACE, points

UNIT = st.floats(-1, 1)


@st.composite
def numerics(draw):
    scale = draw(st.sampled_from(sorted(WARPS)))
    floats = st.floats(0.001, 0.999)
    low, default, high = sorted(draw(st.tuples(floats, floats, floats)))
    return Numeric(low=low, default=default, high=high, scale=scale)


@given(numerics(), UNIT)
def test_every_coordinate_means_a_value_inside_the_range(span, unit):
    assert span.low <= span.from_unit(unit) <= span.high


@given(numerics())
def test_zero_is_the_default_and_the_default_is_zero(span):
    assert span.from_unit(0.0) == span.default
    assert span.to_unit(span.default) == 0.0


@given(numerics(), UNIT, UNIT)
def test_larger_coordinates_never_mean_smaller_values(span, left, right):
    low, high = sorted((left, right))
    assert span.from_unit(low) <= span.from_unit(high)


@pytest.mark.parametrize("scale", sorted(WARPS))
def test_rounding_never_crosses_a_default_that_is_not_round(scale):
    span = Numeric(low=0.25, default=0.328125, high=0.34375, scale=scale)
    near = [span.from_unit(unit) for unit in (-1e-3, -1e-9, -7e-109, 0.0, 7e-109, 1e-9, 1e-3)]

    assert near == sorted(near)


def test_a_coordinate_too_small_to_move_a_value_means_the_default():
    span = Numeric(low=0.25, default=0.328125, high=0.34375, scale="complement")

    assert span.from_unit(7e-109) == span.default


def test_momentum_is_spaced_by_what_is_left_of_one():
    span = Numeric(low=0.9, default=0.99, high=0.999, scale="complement")

    assert span.from_unit(0.5) == pytest.approx(1 - 10**-2.5, rel=1e-2)
    assert span.to_unit(0.999) == pytest.approx(1.0)


def test_the_ends_of_a_range_are_edges_and_its_default_is_not():
    span = ranges(AdamW)["lr"]

    assert span.at_edge(3e-5)
    assert span.at_edge(3e-2)
    assert not span.at_edge(1e-3)


@given(points())
def test_no_recipe_decays_weights_twice(point):
    recipe = SPACE.recipe(point)

    if recipe.optimizer.decays_weights:
        assert not {"L2", "WeightDecay"} & {choice.name() for choice in recipe.regularizers}


def test_the_reference_recipe_is_the_origin():
    reference = SPACE.reference(AdamW)

    assert SPACE.recipe(SPACE.point(reference)) == reference
    assert {value for value in SPACE.point(reference).values() if isinstance(value, float)} == {0.0}


def test_two_optimizers_share_the_axis_of_the_learning_rate_but_not_its_range():
    point = SPACE.point(SPACE.reference(AdamW)) | {"optimizer.lr": 1.0}

    assert SPACE.recipe(point).optimizer.lr == 3e-2
    assert SPACE.recipe(point | {"optimizer": "SGD"}).optimizer.lr == 5.0


def test_regularizers_are_a_set():
    first = Recipe(regularizers=(Dropout(), L2()))
    second = Recipe(regularizers=(L2(), Dropout()))

    assert first == second
    with pytest.raises(BadValue, match="each may stand once"):
        Recipe(regularizers=(L2(), L2(strength=0.1)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({"optimizer": "adaw"}, "did you mean 'Adam", id="name"),
        pytest.param({"optimizer": "AdamW", "optimizer.AdamW.speed": 1}, "no field 'speed'", id="field"),
        pytest.param({"optimiser": "AdamW"}, "'optimiser' means nothing", id="key"),
        pytest.param({"optimizer": "AdamW", "optimizer.AdamW.lr": -1.0}, "must be above 0", id="value"),
        pytest.param({"optimizer": "AdamW", "optimizer.AdamW.lr": float("nan")}, "is not a number", id="nan"),
        pytest.param({"batch_size": 0}, "must be at least 1", id="batch"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(params, message):
    with pytest.raises((BadValue, UnknownChoice), match=message):
        Recipe.from_params(params)


def test_names_are_found_whatever_the_case_of_their_letters():
    assert catalogue.find("optimizer", "adamw") is AdamW
    assert catalogue.find("schedule", "COSINE") is Cosine
