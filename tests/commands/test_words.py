"""Words of an answer: each that an answer uses is explained, alone and all together."""

from __future__ import annotations

import pytest

import advisor as api
from advisor.cli.listing import AXES, KINDS, listing
from advisor.confidence import MEANINGS, WORDS
from advisor.explanations.explanation import explanation
from advisor.explanations.words import names
from studies.errors import UnknownChoice


@pytest.mark.parametrize("name", names())
def test_a_word_of_an_answer_is_explained_however_it_is_written(name):
    text = explanation(name)

    assert explanation(name.upper()) == text
    assert explanation(name.replace(" ", "-")) == text
    assert max(map(len, text.splitlines())) <= 98


def test_confidence_explains_every_label_and_every_other_word():
    text = " ".join(explanation("confidence").split())

    for word, meaning in {**MEANINGS, **WORDS}.items():
        assert f"{word}: {meaning}." in text


def test_words_are_listed_beside_the_choices(home):
    assert "words" in KINDS
    assert [row["name"] for row in listing("words", home)] == [*MEANINGS, *WORDS]


def test_a_word_that_is_nearly_one_of_them_is_guessed():
    with pytest.raises(UnknownChoice, match="confidence"):
        explanation("confidenc")


def test_no_choice_or_rule_hides_behind_a_word(home):
    others = {row["name"].lower() for kind in (*AXES, "rules") for row in listing(kind, home)}

    assert not others & {name.lower() for name in names()}


def test_the_shell_explains_confidence(inside):
    shown = inside("explain", "confidence")

    assert shown.returncode == 0
    assert "tie margin:" in shown.stdout


@pytest.mark.parametrize("name", ["Muon", "cosine", "p_tie", "Sparsity", "confidence"])
def test_code_gets_the_text_that_the_command_prints(name):
    explained = api.explain(name)

    assert (str(explained), repr(explained), explained.text) == (explanation(name),) * 3
