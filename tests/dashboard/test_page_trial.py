"""The page of one trial: recipe, curve, costs, repeats, what it printed, and notes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import trial_facts
from studies.storage.annotations import TrialAnnotations, change_annotations, read_annotations
from studies.trials.logs import TrialLogs

from pages import STUDIES, fill, page, words
from records import compressions, confirmations, record

RACE = STUDIES["full"]
SMALL = compressions(11, (RACE[8], RACE[8]), loss=(0.0, 0.01))


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"), {"full": (*RACE, *SMALL), "begun": ()})


def shown(home, **address):
    return page("trial", home, "full", **address).run()


def test_a_trial_is_shown_with_recipe_costs_and_repeats(studies):
    opened = shown(studies, trial="6")
    said = words(opened)

    assert not opened.exception
    assert "Trial 6: AdamW" in said
    assert "A recipe that the search chose. It went to its end after 9 epochs and 1.8 s of training" in said
    assert "validation accuracy 0.93." in said
    assert "| batch size | 32 |" in said
    assert "| peak memory in training | 195 KiB |" in said
    assert list(opened.dataframe[0].value["number"]) == [6, 8, 9, 10]


def test_without_a_trial_in_the_address_the_best_one_is_shown(studies):
    assert "Trial 9: AdamW" in words(shown(studies))


def test_a_trial_that_is_not_there_is_said(studies):
    said = words(shown(studies, trial="99"))

    assert "Study full has no trial 99; its trials are 0 to 12." in said
    assert "Trial 9: AdamW" in said


def test_a_repeat_names_what_it_repeats_and_what_was_made_small_of_it(studies):
    opened = shown(studies, trial="8")

    assert "The recipe of trial 6 again, with the fresh seed 1000." in words(opened)
    assert opened.get("page_link")[0].label == "It repeats 6: AdamW, 0.93"
    assert list(opened.dataframe[1].value["number"]) == [11, 12]
    assert "The trained model of trial 8 made small." in words(shown(studies, trial="12"))


def test_why_a_trial_ended_and_what_it_printed_are_shown(studies):
    TrialLogs.of(studies, "full").append(7, "\x1b[31mone\nboom\n")
    opened = shown(studies, trial="7")

    assert "It failed." in words(opened)
    assert "Why it ended: RuntimeError: boom" in words(opened)
    assert "one\nboom" in [code.value for code in opened.code]


def test_a_note_and_tags_are_kept_and_come_back(studies):
    opened = shown(studies, trial="4")
    opened.text_area[0].set_value("Odd.\nAgain.")
    opened.button[0].click().run()

    assert not opened.exception
    assert read_annotations(studies, "full").trials == {4: TrialAnnotations(note="Odd.\nAgain.")}
    change_annotations(studies, "full", lambda said: said.tagged(["odd"], trial=4))
    again = shown(studies, trial="4")
    assert (again.text_area[0].value, again.multiselect[0].value) == ("Odd.\nAgain.", ["odd"])


def test_a_study_without_trials_says_what_will_be_here(studies):
    opened = page("trial", studies, "begun").run()

    assert not opened.exception
    assert "No trial has ended yet." in words(opened)


@settings(max_examples=60)
@given(
    st.sampled_from(["reference", "start", "race", "confirm", "compress"]),
    st.sampled_from(["complete", "pruned", "infeasible", "failed"]),
    st.none() | st.floats(0, 1),
    st.none() | st.just(3),
)
def test_every_trial_is_told_in_whole_sentences(stage, state, quality, source):
    trial = record(5, "SGD", quality, stage=stage, state=state, source=source)
    for sentence in (trial_facts.origin(trial), trial_facts.outcome(trial, "accuracy")):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "None" not in sentence


def test_repeats_are_those_of_the_same_recipe_seen_from_any_of_them():
    race = (record(0), record(1), *confirmations(2, "AdamW", (0.9, 0.91), source=1), record(4, seed=7))
    alike = [trial_facts.repeats(race, each) for each in race]

    assert [[each.number for each in numbers] for numbers in alike] == [
        [],
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
        [],
    ]
