"""Params of a trial: whatever recipe was trained, Optuna holds its real values and could have drawn them."""

from dataclasses import replace

import optuna
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import IntDistribution, check_distribution_compatibility

from studies.optimizers.adamw import AdamW
from studies.recipe import SET_AXES, Recipe
from studies.regularizers.dropout import Dropout
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.search.trial_params import compression_params, params_line, search_params
from studies.training_function.settings import settings

from search_points import SPACE, points

NARROW = replace(SPACE, optimizers=(AdamW,), search_model=False)


def line(space, recipe):
    return params_line(search_params(space, recipe, recipe.to_params()))


def trial(written):
    """Return the trial as Optuna takes it: it refuses a value that its distribution does not hold."""
    return optuna.trial.create_trial(
        value=0.0, params=dict(written.params), distributions=dict(written.distributions)
    )


@given(points())
def test_optuna_takes_the_params_of_every_recipe_as_they_are(point):
    recipe = SPACE.recipe(point)
    params, flat = trial(line(SPACE, recipe)).params, recipe.to_params()

    assert params["lr"] == recipe.optimizer.lr
    assert params["optimizer"] == recipe.optimizer.name()
    assert params["schedule"] == recipe.schedule.name()
    assert params["batch_size"] == recipe.batch_size
    assert all(params[name] == value for name, value in recipe.model.fields().items())
    of_choices = {
        f"{key.split('.')[1]}.{key.split('.')[2]}": flat[key] for key in flat if key.count(".") == 2
    }
    assert all(params[name] == of_choices[name] for name in params if "." in name)
    for axis in SET_AXES:
        chosen = {choice.name() for choice in getattr(recipe, axis)}
        assert chosen == {choice.name() for choice in getattr(SPACE, axis) if params[choice.name()]}


@given(points(), points())
def test_a_name_means_one_kind_of_value_in_all_trials_of_a_study(first, second):
    kinds, others = (line(SPACE, SPACE.recipe(point)).distributions for point in (first, second))

    for name in kinds.keys() & others.keys():
        check_distribution_compatibility(kinds[name], others[name])


@given(st.floats(1e-12, 1e6), st.integers(1, 10**6))
def test_values_outside_a_range_are_told_as_they_are(lr, rows):
    recipe = Recipe(optimizer=AdamW(lr=lr), batch_size=rows)

    params = trial(line(NARROW, recipe)).params
    assert (params["lr"], params["batch_size"]) == (lr, rows)


def test_a_choice_that_the_study_does_not_offer_is_left_to_the_record():
    space = replace(NARROW, schedules=(Cosine,), regularizers=())
    recipe = Recipe(optimizer=AdamW(), schedule=Constant(), regularizers=(Dropout(),))

    assert "schedule" not in line(space, recipe).params
    assert "Dropout" not in line(space, recipe).params


def test_what_a_training_function_never_looks_at_is_no_param():
    recipe = Recipe()
    read = {key: value for key, value in recipe.to_params().items() if not key.startswith("schedule")}

    params = params_line(search_params(NARROW, recipe, read)).params
    assert not [name for name in params if name.startswith(("schedule", "Cosine"))]
    assert params["lr"] == recipe.optimizer.lr


def test_hyperparameters_of_your_own_keep_their_names_unless_a_name_is_taken():
    own_settings = settings({"hidden_units": IntDistribution(4, 64), "batch_size": IntDistribution(1, 9)})
    recipe = Recipe(model=own_settings)

    params = line(replace(NARROW, model=own_settings, search_model=True), recipe).params
    assert params["hidden_units"] == 34
    assert params["batch_size"] == recipe.batch_size
    assert [name for name in params if name.startswith("model.") and name.endswith(".batch_size")]


@given(st.data())
def test_a_compression_is_told_by_whose_model_it_is_and_what_was_done(data):
    from studies.compression.space import CompressionSpace
    from studies.models.mlp import MLP

    space = CompressionSpace.offered((MLP(width=8), MLP(width=16)))
    point = {
        name: data.draw(st.sampled_from(options) if options else st.floats(-1, 1))
        for name, distribution in space.distributions.items()
        for options in [getattr(distribution, "choices", None)]
    }
    recipe = space.recipe(Recipe(), point)

    params = trial(params_line(compression_params(space, ("AdamW", "SGD"), recipe))).params
    assert params["optimizer"] == "AdamW"
    assert all(params[axis] == getattr(recipe, axis).name() for axis in space.axes)
    assert params["student"] == point["student"]
