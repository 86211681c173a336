"""Checks of the split: each speaks of its fault and of no other, and a command asks anew."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.checklist import checks
from advisor.decide.recommend import recommend
from advisor.decide.scale import LossScale
from advisor.decide.split_checks import split_checks
from advisor.evidence import Evidence
from advisor.statements.statement import Case
from studies.facts import Facts
from studies.split_facts import DateColumn, KeyColumn, Leak, SplitFacts

from records import study

COMMAND = "advisor search 't 1.csv' --target y --metric accuracy --direction maximize --budget 60s"
SOUND = SplitFacts(
    valid_rows=100, test_rows=100, largest_class="usual", largest_class_share=0.6, present_classes=3
)
FAULTS = {
    "order in time": SplitFacts(
        dates=(DateColumn(name="sold on", first="2020-01-01", last="2021-06-30", past_share=0.98),)
    ),
    "shared keys": SplitFacts(
        keys=(KeyColumn(name="patient", groups=60, rows=400, shared_valid_rows=77),), valid_rows=80
    ),
    "columns that tell the target": SplitFacts(leaks=(Leak(column="paid", right_share=1.0),)),
    "repeated rows": SplitFacts(valid_rows=80, test_rows=80, repeated_valid_rows=3),
    "a large class": SplitFacts(largest_class="no", largest_class_share=0.96, present_classes=2),
}
SHARES = st.floats(0, 1)
COUNTS = st.integers(0, 500)
WORDS = st.text(min_size=1, max_size=6)
FACTS = st.builds(
    SplitFacts,
    dates=st.lists(st.builds(DateColumn, name=WORDS, past_share=SHARES), max_size=2).map(tuple),
    keys=st.lists(st.builds(KeyColumn, name=WORDS, shared_valid_rows=COUNTS), max_size=2).map(tuple),
    leaks=st.lists(
        st.builds(Leak, column=WORDS, right_share=SHARES), max_size=3, unique_by=lambda leak: leak.column
    ).map(tuple),
    valid_rows=COUNTS,
    test_rows=COUNTS,
    repeated_valid_rows=COUNTS,
    repeated_test_rows=COUNTS,
    largest_class=WORDS,
    largest_class_share=SHARES,
    present_classes=st.integers(0, 9),
    tail_share=st.none() | SHARES,
)


def evidence_of(split_facts: SplitFacts | None, **fields) -> Evidence:
    return Evidence(
        **{"records": study({"AdamW": [0.9, 0.8, 0.7]}), "command": COMMAND} | fields,
        split_facts=split_facts,
    )


def failed(facts: SplitFacts, **fields):
    return {check.name: check for check in split_checks(evidence_of(facts, **fields)) if not check.passed}


@settings(deadline=None)
@given(FACTS, st.sampled_from(["accuracy", "rmse", "r2", "f1"]), st.sampled_from([0, 2]))
def test_every_check_of_a_split_holds(facts, metric, classes):
    evidence = evidence_of(facts, metric=metric, facts=Facts(classes=classes))
    case = Case(evidence=evidence, answer=recommend(evidence_of(None)), ask=recommend)
    for check in split_checks(evidence):
        assert check.holds(case), check
        assert str(check)
        assert not check.holds(replace(case, evidence=evidence_of(SOUND, metric="mae"))) or check.passed
        if check.command:
            assert check.command.startswith("advisor search ")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said_and_nothing_else(name):
    assert set(failed(FAULTS[name])) == {name}


def test_a_sound_split_passes_all():
    assert failed(SOUND) == {}
    assert failed(replace(SOUND, tail_share=0.2), metric="rmse") == {}


def test_a_study_of_an_earlier_version_is_not_judged():
    assert split_checks(evidence_of(None)) == ()


def test_the_checks_stand_in_the_checklist():
    evidence = evidence_of(FAULTS["shared keys"])
    names = {check.name for check in checks(evidence, evidence.records[0], LossScale.of(evidence))}
    assert {"shared keys", "repeated rows", "range edges"} <= names


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("order in time", ["--time", "sold on"]),
        ("shared keys", ["--group", "patient"]),
        ("a large class", ["--metric", "balanced_accuracy"]),
    ],
)
def test_a_command_repeats_the_question_with_the_remedy(name, options):
    words = shlex.split(failed(FAULTS[name])[name].command)
    assert words[:5] == ["advisor", "search", "t 1.csv", "--target", "y"]
    assert words[-2:] == options
    assert words.count(options[0]) == 1
    assert words.count("--budget") == 1


@pytest.mark.parametrize(
    ("typed", "option", "value", "words"),
    [
        ("--epochs 9 --seed 1", "--epochs", "18", "--seed 1 --epochs 18"),
        ("--group who --fair strict", "--time", "sold on", "--fair strict --time 'sold on'"),
        ("--exhaust", "--group", "who", "--exhaust --group who"),
    ],
)
def test_an_option_takes_the_place_of_what_was_asked_before(typed, option, value, words):
    evidence = evidence_of(None, command=f"advisor search iris {typed}")
    assert evidence.asked_with(option, value) == f"advisor search iris {words}"


def test_a_heavy_tail_is_one_beyond_what_so_few_rows_explain():
    few, many = (SplitFacts(valid_rows=rows, tail_share=0.39) for rows in (20, 400))
    assert failed(few, metric="rmse") == {}
    message = failed(many, metric="rmse")["a heavy tail"].message
    assert message.startswith("3 of 400 validation rows make 39 % of the squared deviation of the target")
    assert failed(many, metric="mae") == {}


def test_balanced_accuracy_stands_beside_the_accuracy_of_a_large_class():
    assert failed(FAULTS["a large class"])["a large class"].message == (
        "always answering 'no' is right on 96 % of the validation rows: accuracy 0.96, balanced accuracy 0.5"
    )
    assert failed(FAULTS["a large class"], metric="balanced_accuracy") == {}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (None, "On new rows of the same kind expect accuracy"),
        (SplitFacts(), "On new rows of the same kind expect accuracy"),
        (SplitFacts(way="given"), "On new rows like the validation rows expect accuracy"),
        (
            SplitFacts(way="group", column="patient"),
            "On new rows with a 'patient' of the validation rows expect accuracy",
        ),
        (
            SplitFacts(way="time", column="sold on"),
            "On new rows of the same time ('sold on') as the validation rows expect accuracy",
        ),
    ],
)
def test_what_to_expect_is_said_of_rows_as_those_that_validate(facts, words):
    reasons = {reason.kind: str(reason) for reason in recommend(evidence_of(facts)).reasons}
    limited = facts is not None and facts.way in {"group", "time"}

    assert reasons["new_rows"].startswith(words)
    assert reasons["new_rows"].endswith(" may lie outside.") == limited
