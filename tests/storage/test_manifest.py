"""A study's manifest is written and read back whole: by this version, an earlier and a later one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.column_reading import ColumnReading
from studies.errors import StoreError
from studies.limits import Budget, Limits
from studies.split_facts import KeyColumn, SplitFacts
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import Commit, CompressionEntry, Layer, SavedAdvice, Start
from studies.storage.workload_spec import WorkloadSpec
from studies.yardstick import Yardstick

from records import facts

WORDS = st.text(max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SECONDS = st.floats(1e-3, 1e6)
LATER = st.dictionaries(
    WORDS.map(lambda word: f"later {word}"), st.integers() | WORDS | st.lists(st.integers()), max_size=2
)
BUDGETS = st.builds(Budget, seconds=st.none() | SECONDS, trials=st.none() | st.integers(1, 99))
MANIFESTS = st.builds(
    StudyManifest,
    candidates=st.tuples(WORDS, WORDS),
    epochs=st.none() | st.integers(1, 81),
    batch_size=st.none() | st.tuples(*[st.integers(1, 99)] * 3),
    budget=st.none() | BUDGETS,
    limits=st.builds(Limits, train_bytes=st.none() | st.integers(1), latency_seconds=st.none() | SECONDS),
    starts=st.tuples(st.builds(Start, params=st.dictionaries(WORDS, NUMBERS), origin=WORDS)),
    compression_study=st.none()
    | st.builds(CompressionEntry, budget=BUDGETS, students=st.tuples(WORDS), teacher=WORDS),
    workload=st.none()
    | st.builds(
        WorkloadSpec,
        target=st.none() | WORDS,
        model_fields=st.none() | st.dictionaries(WORDS, NUMBERS),
        extra=LATER,
    ),
    facts=st.none() | st.just(facts()),
    columns=st.lists(st.builds(ColumnReading, left_out=st.text())).map(tuple),
    split_facts=st.none() | st.builds(SplitFacts, keys=st.tuples(st.builds(KeyColumn)), tail_share=NUMBERS),
    yardsticks=st.none() | st.tuples(st.builds(Yardstick, quality=st.none() | NUMBERS, left_out=WORDS)),
    baseline=st.none() | NUMBERS,
    code=st.dictionaries(WORDS, st.none() | WORDS),
    git=st.none() | st.builds(Commit, commit=WORDS, changed=st.booleans()),
    sensitivity=st.none()
    | st.tuples(
        st.builds(
            Layer,
            name=WORDS,
            size=st.integers(),
            before=NUMBERS,
            levels=st.tuples(NUMBERS),
            losses=st.tuples(NUMBERS),
        )
    ),
    recommendation=st.none() | st.builds(SavedAdvice, markdown=WORDS, json=WORDS),
    extra=LATER,
)
WRITTEN = {
    "candidates": ["AdamW", "SGD"], "schedules": ["Cosine"], "regularizers": [], "wrappers": [], "epochs": 9,
    "batch_size": [16, 32, 90], "budget": {"seconds": 60.0, "trials": None},
    "limits": {"train_bytes": None, "model_bytes": 9, "latency_seconds": None, "train_seconds": None},
    "seed": 0, "device": "cpu", "threads": 1, "search_model": False, "compression": "after", "unread": [],
    "starts": [{"params": {"optimizer": "SGD"}, "origin": "trial 3 of study s"}],
    "compression_study": {
        "budget": {"seconds": 40.0, "trials": None}, "spent_seconds": 0.0, "students": [], "teacher": "",
        "finalists": [], "ended": False,
    },
    "id": "7f3a", "goal": "balanced", "metric": "accuracy", "dataset": "iris", "model": "MLP",
    "valid_rows": None,
    "workload": {
        "source": "iris", "target": None, "task": "auto", "seed": 0, "metric": "accuracy",
        "direction": "maximize", "model": "MLP", "model_fields": {"width": 64}, "digest": "ab",
        "class_weights": "none",
    },
    "baseline": 0.3, "notes": [], "tracking_uri": None, "versions": {"torch": "2.13"}, "python": "3.11",
    "spent_seconds": 1.5, "code": {}, "rules": ["Sparsity=off"], "git": {"commit": "c0ffee", "changed": True},
    "recommendation": None,
}  # fmt: skip
"""As an earlier version wrote it, facts left out."""


@given(MANIFESTS)
def test_what_is_written_is_read_back_the_same(manifest):
    assert StudyManifest.from_dict(manifest.to_dict()) == manifest
    assert StudyManifest.from_dict(json.loads(json.dumps(manifest.to_dict()))) == manifest


@given(MANIFESTS)
def test_what_a_later_version_wrote_is_kept(manifest):
    again = StudyManifest.from_dict(manifest.to_dict()).to_dict()
    assert manifest.extra.items() <= again.items()
    if manifest.workload:
        assert manifest.workload.extra.items() <= again["workload"].items()


@pytest.mark.parametrize(
    "left_out", [(), ("code", "git", "starts", "rules"), ("workload", "budget", "spent_seconds")]
)
def test_what_an_earlier_version_wrote_is_written_again_as_it_was(left_out):
    written = {name: value for name, value in WRITTEN.items() if name not in left_out}
    assert json.dumps(StudyManifest.from_dict(written).to_dict()) == json.dumps(written)


def test_facts_are_written_as_they_were():
    written = json.loads(json.dumps({"facts": facts().to_dict()}))
    assert StudyManifest.from_dict(written).to_dict() == written


def test_what_is_lacking_is_said_in_one_line():
    with pytest.raises(StoreError, match="the study's journal has no 'facts'"):
        _ = StudyManifest().profiled


def test_a_training_function_is_told_from_data_and_a_model():
    assert StudyManifest(workload=WorkloadSpec(form="function")).is_function
    assert not StudyManifest(workload=WorkloadSpec(source="iris")).is_function
