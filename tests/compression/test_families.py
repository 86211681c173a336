"""Families of passes: which there are, in which order, what they cost and which were worth it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.jobs.command_lines import search
from advisor.jobs.request import Request
from studies import catalogue
from studies.compression.families import (
    family_of,
    family_recipes,
    further_recipes,
    promising_families,
)
from studies.compression.passes import choices_named
from studies.compression.price import price_seconds, training_epochs
from studies.compression.space import CompressionSpace
from studies.compression.students import students
from studies.direction import Direction
from studies.errors import BadValue
from studies.finetuning.restart import Restart
from studies.limits import Limits
from studies.models.mlp import MLP
from studies.recipe import COMPRESSION_AXES, Recipe
from studies.record import Record
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec

TRAINED = Recipe(model=MLP(width=64), epochs=10)
SPACE = CompressionSpace.offered(students(TRAINED.model))
RUN = Record(
    number=0,
    stage="confirm",
    params=TRAINED.to_params(),
    seed=0,
    state="complete",
    train_seconds=20.0,
)


def compression(recipe, quality, model_bytes, macs=100):
    return Record(
        number=1,
        stage="compress",
        params=recipe.to_params(),
        seed=0,
        state="complete",
        quality=quality,
        model_bytes=model_bytes,
        macs=macs,
    )


def test_every_offered_pass_has_one_recipe_and_no_recipe_stands_twice():
    recipes = family_recipes(SPACE, TRAINED)
    offered = {(axis, choice) for axis in COMPRESSION_AXES for choice in SPACE.axes[axis]}

    assert {(axis, type(getattr(recipe, axis))) for recipe in recipes for axis in COMPRESSION_AXES} == offered
    assert len({(family_of(recipe, TRAINED), recipe.quantization.name()) for recipe in recipes}) == len(
        recipes
    )


def test_nothing_is_pruned_gradually_where_no_pruning_makes_zeros():
    space = CompressionSpace.offered(passes=("Channels", "WeightOnly"))
    recipes = family_recipes(space, TRAINED)

    assert any(choice.gradual for choice in space.axes["finetuning"])
    assert not any(recipe.finetuning.gradual for recipe in recipes)


def test_a_way_is_priced_by_what_it_trains():
    tuned = Recipe(model=TRAINED.model, epochs=10, finetuning=Restart(share=0.5))
    student = Recipe(model=SPACE.students[0], epochs=10)
    taught = Recipe(model=SPACE.students[0], epochs=10, distillation=SPACE.axes["distillation"][1]())

    assert [training_epochs(recipe, TRAINED) for recipe in (TRAINED, tuned, student)] == [0, 5, 10]
    prices = [price_seconds(recipe, TRAINED, RUN) for recipe in (TRAINED, tuned, student, taught)]
    assert prices == sorted(prices)
    assert prices[1] - prices[0] == pytest.approx(10.0)


def test_other_settings_of_what_was_worth_it_come_first_and_what_keeps_the_limits_is_worth_it():
    pruned = {recipe.pruning.name(): recipe for recipe in family_recipes(SPACE, TRAINED)}
    records = [
        compression(pruned["Channels"], quality=0.9, model_bytes=900, macs=50),
        compression(pruned["Taylor"], quality=0.95, model_bytes=2000),
    ]
    free, limited = (
        promising_families(records, TRAINED, Direction("maximize"), limits)
        for limits in (Limits(), Limits(model_bytes=1000))
    )
    left = further_recipes(SPACE, TRAINED, records, limited)

    assert len(free) == 2
    assert limited == {family_of(pruned["Channels"], TRAINED)}
    assert {recipe.pruning.name() for recipe in left[:4]} == {"Channels"}
    assert pruned["Channels"] not in left


def test_named_passes_make_the_space_and_fine_tuning_stays_in_it():
    space = CompressionSpace.offered(SPACE.students, passes=("channels", "WeightOnly", "CHANNELS"))
    names = {axis: [choice.name() for choice in space.axes[axis]] for axis in COMPRESSION_AXES}

    assert names["pruning"] == ["none", "Channels"]
    assert names["quantization"] == ["none", "WeightOnly"]
    assert names["distillation"] == ["none"]
    assert names["finetuning"] == [choice.name() for choice in SPACE.axes["finetuning"]]
    assert space.students == ()


@pytest.mark.parametrize("name", ["none", "", "AdamW", "Chanels", "file.py:Mine"])
def test_a_name_that_is_no_pass_is_refused_with_those_there_are(name):
    with pytest.raises(BadValue, match=r"no pass .* Passes: .*Channels.*WeightOnly"):
        choices_named([name])


def test_every_pass_may_be_named():
    names = [name for axis in COMPRESSION_AXES for name in catalogue.choices(axis) if name != "none"]

    assert sum(map(len, choices_named(names).values())) == len(names)


def test_passes_of_a_search_that_compresses_nothing_are_refused():
    with pytest.raises(BadValue, match="give --compression after or joint"):
        Request(source="iris", passes=("Channels",))
    assert Request.of("iris", passes="Channels, weightonly", compression="joint").passes == (
        "Channels",
        "weightonly",
    )


def test_the_command_that_asks_anew_names_the_passes():
    workload = WorkloadSpec(source="iris", model="MLP")
    manifest = StudyManifest(workload=workload, compression="joint", passes=("Channels", "WeightOnly"))

    assert "--compression joint --passes Channels,WeightOnly" in search(Path(), manifest)
