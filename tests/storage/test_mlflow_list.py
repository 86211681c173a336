"""MLflow's list: an experiment for each data set, studies alone by a filter, children by what differs."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.optimizers.adamw import AdamW
from studies.optimizers.muon import Muon
from studies.quantization.static_int8 import StaticInt8
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.storage.journal import create_study
from studies.storage.manifest import StudyManifest
from studies.tracking.run_names import EXPERIMENT, LONGEST, child_name, experiment_name
from studies.tracking.server import STUDIES_FILTER, connect, default_uri
from studies.tracking.sink import sync

from mirrored_runs import PLAN, add, trial
from records import record

MANIFEST = StudyManifest.from_dict(PLAN | {"schedules": ["Cosine"], "batch_size": [16, 32, 64]})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two studies of digits and one of wine, each with trials, in one store."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    home = tmp_path_factory.mktemp("home")
    for name, dataset in (("a", "digits"), ("b", "digits"), ("c", "wine")):
        plan = PLAN | {"id": name, "dataset": dataset}
        add(create_study(home, name, direction="maximize", manifest=StudyManifest.from_dict(plan)), trial(0))
        sync(home, name)
    return home


def listed(home, name, query=""):
    client = connect(default_uri(home), home)
    experiment = client.get_experiment_by_name(name)
    return client.search_runs([experiment.experiment_id], query), experiment


def test_studies_on_the_same_data_share_an_experiment_and_others_have_their_own(home):
    digits, _ = listed(home, f"{EXPERIMENT}: digits")
    wine, _ = listed(home, f"{EXPERIMENT}: wine")

    assert {run.info.run_name for run in digits} >= {"a", "b"}
    assert {run.info.run_name for run in wine} >= {"c"}
    assert len(digits) == 4


def test_the_filter_that_the_experiment_s_page_links_to_shows_studies_alone(home):
    studies, experiment = listed(home, f"{EXPERIMENT}: digits", STUDIES_FILTER)
    note = experiment.tags["mlflow.note.content"]

    assert sorted(run.info.run_name for run in studies) == ["a", "b"]
    assert f"#/experiments/{experiment.experiment_id}/runs" in note
    assert STUDIES_FILTER in unquote(note)


def test_a_study_that_an_earlier_version_mirrored_goes_on_where_it_lies(tmp_path):
    study = create_study(tmp_path, "old", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    client = connect(default_uri(tmp_path), tmp_path)
    experiment = client.create_experiment(EXPERIMENT)
    parent = client.create_run(experiment, tags={"advisor.study": "old:7f3a"}, run_name="old")
    add(study, trial(0))

    assert sync(tmp_path, "old") == 1
    assert sync(tmp_path, "old") == 0
    runs = client.search_runs([experiment])
    assert {run.info.run_id for run in runs} > {parent.info.run_id}
    assert len(runs) == 2
    assert client.get_experiment_by_name(f"{EXPERIMENT}: digits") is None


def named(recipe, manifest=MANIFEST, **fields):
    return child_name(replace(record(7, **fields), params=recipe.to_params()), manifest)


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe(), "7 AdamW lr 0.001"),
        (
            Recipe(optimizer=AdamW(lr=0.00423, beta1=0.85), batch_size=64),
            "7 AdamW lr 0.00423, beta1 0.85, batch 64",
        ),
        (
            Recipe(schedule=Constant(), regularizers=(Dropout(rate=0.3),)),
            "7 AdamW lr 0.001, Constant, Dropout rate 0.3",
        ),
        (Recipe(schedule=Cosine(warmup=0.1)), "7 AdamW lr 0.001, Cosine warmup 0.1"),
        (Recipe(optimizer=Muon(lr=0.02), quantization=StaticInt8()), "7 Muon lr 0.02, static int8"),
    ],
)
def test_a_child_is_named_by_what_differs_from_the_defaults(recipe, name):
    assert named(recipe) == name


def test_a_repeat_is_named_by_what_it_repeats_and_a_compressed_model_by_what_was_done_to_it():
    small = Recipe(optimizer=Muon(), quantization=StaticInt8())

    assert named(small, stage="compress", source=3) == "7 Muon static int8"
    assert named(Recipe(), stage="confirm", source=3, seed=2) == "7 AdamW confirms 3, seed 2"
    assert named(Recipe(), stage="ablate", source=3, seed=2) == "7 AdamW on the way to 3, seed 2: lr 0.001"


@given(dataset=st.text(max_size=300), params=st.dictionaries(st.text(max_size=30), st.text(max_size=80)))
def test_names_are_short_and_there_for_whatever_a_study_is_called(dataset, params):
    run = replace(record(7), params=params | {"optimizer": "AdamW"})
    name = experiment_name(StudyManifest.from_dict({"dataset": dataset}))

    assert name.startswith(EXPERIMENT)
    assert len(child_name(run, MANIFEST)) <= LONGEST
