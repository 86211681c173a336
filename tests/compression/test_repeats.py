"""Repeats of a compression: what may be advised is what is made again on the models of the other seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.compressed import fits
from advisor.decide.recommend import recommend
from advisor.decide.repeats import worth_repeating
from advisor.jobs.compress import CompressionRequest, open_compression
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import conclude, work
from studies import catalogue
from studies.compression_search.repeats import MOST_RESERVED, next_repeats, reserve_seconds
from studies.errors import NothingFeasible
from studies.limits import Budget, Limits
from studies.recipe import COMPRESSION_AXES, Recipe
from studies.storage import journal

from compressed_evidence import (
    BASE,
    CONTROL,
    INT8,
    PLAIN,
    PRUNED,
    RIVAL,
    SMALL,
    TUNED,
    evidence_with,
    finalists,
)
from records import compressions

STATIC = {"quantization": "StaticInt8"}
LARGE, LIGHT = 25_105, 24_000
"""Bytes of the usual quantization of iris's MLP, and a limit below it that others meet."""


def _whole(record):
    """Return a record whose recipe can be built."""
    return replace(record, params=Recipe.from_params(record.params).to_params())


SEEDS = tuple(map(_whole, finalists("AdamW")))


def wanted(done):
    return Recipe.from_params(dict(SEEDS[0].params) | done).to_params()


def tried(*pairs):
    return [(run.number, way) for run, way in pairs]


def test_what_is_wanted_first_is_repeated_on_every_other_seed_before_what_comes_after_it():
    first, second = wanted(STATIC), wanted({"pruning": "Magnitude", "pruning.Magnitude.amount": 0.8})
    done = tried((SEEDS[0], first), (SEEDS[0], second))

    assert [run.number for run, _ in next_repeats([first, second], SEEDS, done)] == [
        run.number for run in SEEDS[1:]
    ]
    done += tried((SEEDS[1], first), (SEEDS[2], first))
    assert {way.pruning.name() for _, way in next_repeats([first, second], SEEDS, done)} == {"Magnitude"}
    done += tried((SEEDS[1], second), (SEEDS[2], second))
    assert next_repeats([first, second], SEEDS, done) == []


def test_the_control_of_a_fine_tuned_recipe_comes_after_its_seeds():
    tuned = wanted(STATIC | {"finetuning": "Restart"})
    seeds = next_repeats([tuned], SEEDS, tried((SEEDS[0], tuned)))
    controls = next_repeats([tuned], SEEDS, tried(*((run, tuned) for run in SEEDS)))

    assert [(run.number, way.quantization.name()) for run, way in seeds] == [
        (run.number, "StaticInt8") for run in SEEDS[1:]
    ]
    assert [(run.number, way.quantization.name()) for run, way in controls] == [
        (run.number, "none") for run in SEEDS
    ]


def test_a_model_that_was_trained_otherwise_is_no_seed_of_it():
    other = replace(SEEDS[1], params=dict(SEEDS[1].params) | {"batch_size": 64})
    missing = next_repeats([wanted(STATIC)], (SEEDS[0], other), tried((SEEDS[0], wanted(STATIC))))

    assert missing == []


@given(st.floats(1, 1e5), st.floats(0, 1e5))
def test_repeats_are_left_time_and_leave_time(budget_seconds, longest_seconds):
    assert 0 < reserve_seconds(budget_seconds, longest_seconds) <= MOST_RESERVED * budget_seconds


def test_the_advised_one_is_wanted_first_then_the_same_way_with_the_others():
    evidence = evidence_with(PLAIN, SMALL, CONTROL, RIVAL)
    models = worth_repeating(evidence)

    assert models[0].trials == recommend(evidence).compression.trials
    assert [(model.optimizer, model.name) for model in models[:2]] == [
        ("AdamW", "int8 weight-only"),
        ("Momentum", "int8 weight-only"),
    ]
    assert not any(model.control for model in models)


WAYS = st.lists(
    st.tuples(
        st.sampled_from(["AdamW", "Momentum"]),
        st.sampled_from([INT8, PRUNED, PRUNED | INT8, INT8 | TUNED, {}]),
        st.sampled_from([5_000, 15_000, 25_000, 40_000]),
        st.integers(1, 3),
    ),
    max_size=6,
    unique_by=lambda way: (way[0], str(way[1])),
)


@given(WAYS, st.sampled_from([None, 3_000, 10_000, 20_000, 50_000]))
@settings(max_examples=60, deadline=None)
def test_nothing_that_breaks_a_limit_is_wanted_and_the_advised_one_is(ways, model_bytes):
    records = BASE
    for optimizer, done, file_bytes, seeds in ways:
        runs = finalists(optimizer)[:seeds]
        records += compressions(len(records), runs, loss=[0.001], done=done, file_bytes=file_bytes)
    limits = Limits(model_bytes=model_bytes)
    evidence = evidence_with(records=records, limits=limits)
    models = worth_repeating(evidence)

    assert all(fits(model, limits) for model in models)
    try:
        advised = recommend(evidence).compression
    except NothingFeasible:
        advised = None
    assert advised is None or advised.trials in {model.trials for model in models[:2]}


@pytest.fixture(scope="module")
def compressed(tmp_path_factory):
    """A study whose usual quantization is over the limit on the model's size, and others are not."""
    home = tmp_path_factory.mktemp("home")
    plan = {"optimizers": ("AdamW", "Nesterov"), "epochs": 9, "budget": Budget(trials=5)}
    work(prepare(Request(source="iris", model="mlp", study="s", tracking_uri="off", **plan), home))
    request = CompressionRequest(budget=Budget(trials=36), limits=Limits(model_bytes=LIGHT))
    work(open_compression(home, "s", request), searching=False)
    return home


def test_no_seed_is_spent_on_what_breaks_the_limit_and_the_advised_model_stands_on_several(compressed):
    records = journal.records(journal.open_study(compressed, "s"))
    made = [run for run in records if run.stage == "compress" and run.state == "complete"]
    first = {record.optimizer: record.source for record in reversed(made)}
    repeats = [record for record in made if record.source != first[record.optimizer]]
    advice = conclude(compressed, "s")

    assert max(record.model_bytes for record in made) >= LARGE
    assert repeats
    assert all(record.model_bytes <= LIGHT or record.params["quantization"] == "none" for record in repeats)
    assert len(advice.compression.seeds) > 1
    assert advice.compression.model_bytes <= LIGHT


def test_every_family_of_passes_gets_a_recipe_before_any_gets_a_second_setting(compressed):
    records = journal.records(journal.open_study(compressed, "s"))
    made = [record for record in records if record.stage == "compress"]
    offered = {
        choice.name(): axis for axis in COMPRESSION_AXES for choice in catalogue.choices(axis).values()
    }
    first = {
        name: next((place for place, run in enumerate(made) if run.params[axis] == name), None)
        for name, axis in offered.items()
    }
    second = [
        place
        for place, run in enumerate(made)
        if run.params.get("quantization.WeightOnly.bits", 8) != 8 and not run.train_seconds
    ]

    assert all(place is not None for place in first.values()), first
    assert max(first.values()) < min(second)


def test_every_finalist_is_quantized_before_anything_else_is_done_to_one(compressed):
    records = journal.records(journal.open_study(compressed, "s"))
    made = [record for record in records if record.stage == "compress"]
    entry = journal.manifest_of(journal.open_study(compressed, "s")).compressing

    assert {record.optimizer for record in made[:2]} == set(entry.finalists) == {"AdamW", "Nesterov"}
    assert made[0].params["quantization"] == made[1].params["quantization"] != "none"
    assert entry.ended
