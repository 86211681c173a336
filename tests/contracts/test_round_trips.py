"""Recipes come back whole from wherever they were written: JSON, TOML, an Optuna study, MLflow, a repr."""

from __future__ import annotations

import json
import tomllib
import warnings
from dataclasses import replace

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies import catalogue
from studies.errors import BadValue
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.storage.journal import create_study
from studies.storage.manifest import StudyManifest
from studies.tracking import sink

from records import record
from search_points import SPACE, points


@given(points())
def test_a_recipe_survives_its_flat_form(point):
    recipe = SPACE.recipe(point)

    assert Recipe.from_params(recipe.to_params()) == recipe
    assert Recipe.from_params(json.loads(json.dumps(recipe.to_params()))) == recipe


@given(points())
def test_a_recipe_survives_toml(point):
    recipe = SPACE.recipe(point)
    lines = [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in recipe.to_params().items()]

    assert Recipe.from_params(tomllib.loads("\n".join(lines))) == recipe


@given(points())
def test_a_recipe_survives_the_coordinates_up_to_rounding(point):
    recipe = SPACE.recipe(point)
    again = SPACE.recipe(SPACE.point(recipe))

    for name, value in recipe.to_params().items():
        same = value if isinstance(value, str) else pytest.approx(value, rel=0.02, abs=2e-3)
        assert again.to_params()[name] == same, name


@given(points())
def test_a_recipe_is_rebuilt_by_its_repr(point):
    recipe = SPACE.recipe(point)
    names = {
        c.__name__: c
        for axis in catalogue.FOLDERS
        if axis != "dataset"
        for c in catalogue.choices(axis).values()
    }

    assert eval(repr(recipe), names | {"Recipe": Recipe}) == recipe  # noqa: S307


@given(points())
def test_a_recipe_survives_an_optuna_study(point):
    study = optuna.create_study()
    study.enqueue_trial(point)
    trial = study.ask(SPACE.distributions)
    recipe = SPACE.recipe(trial.params)
    trial.set_user_attr("recipe", recipe.to_params())
    study.tell(trial, 0.0)

    assert SPACE.recipe(study.trials[0].params) == SPACE.recipe(point) == recipe
    assert Recipe.from_params(study.trials[0].user_attrs["recipe"]) == recipe


@settings(max_examples=100)
@given(points())
def test_a_recipe_survives_being_text(point):
    recipe = SPACE.recipe(point)

    assert Recipe.from_params({key: str(value) for key, value in recipe.to_params().items()}) == recipe


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """Write recipes to a real MLflow on SQLite, and read their params back."""
    home = tmp_path_factory.mktemp("home")
    studies = []

    def write_and_read(recipes):
        name = f"study-{len(studies)}"
        studies.append(
            create_study(
                home,
                name,
                direction="maximize",
                manifest=StudyManifest.from_dict({"id": name, "dataset": "iris", "model": "mlp"}),
            )
        )
        for number, recipe in enumerate(recipes):
            attributes = {"record": replace(record(number), params=recipe.to_params()).to_dict()}
            studies[-1].add_trial(
                optuna.trial.create_trial(value=0.5, params={}, distributions={}, user_attrs=attributes)
            )
        sink.sync(home, name)
        with warnings.catch_warnings(action="ignore"):
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=sink.default_uri(home))
            experiment = client.get_experiment_by_name(f"{sink.EXPERIMENT}: iris").experiment_id
            parent = next(r for r in client.search_runs([experiment]) if r.info.run_name == name)
            runs = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
        return [run.data.params for run in sorted(runs, key=lambda run: int(run.data.tags["advisor.number"]))]

    return write_and_read


@settings(max_examples=2)
@given(st.lists(points(), min_size=8, max_size=8))
def test_a_recipe_survives_mlflow_whose_params_are_text(mirrored, drawn):
    recipes = [SPACE.recipe(point) for point in drawn]
    mirrored_runs = mirrored(recipes)

    assert all(isinstance(value, str) for params in mirrored_runs for value in params.values())
    assert [Recipe.from_params(params) for params in mirrored_runs] == recipes


@pytest.mark.parametrize("text", ["fast", "nan", "-1.0", "True", "[1]"])
def test_text_that_is_no_such_number_is_refused(text):
    with pytest.raises(BadValue, match=r"AdamW\.lr"):
        AdamW.from_fields({"lr": text})
