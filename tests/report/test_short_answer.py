"""Short answer: whatever a study holds, it fits on one screen, and the whole answer is a command away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.report.layout import fold
from advisor.short_answer import LINES, REASONS, short_answer, telling

from made_studies import answered, evidences

COMMANDS = ("advisor recommend digits-1 --full", "advisor export digits-1 --out digits-1")
"""As wide as those of a study of the usual name."""


def words(text):
    return text.split()


@settings(max_examples=60)
@given(evidences())
def test_any_answer_fits_a_terminal_of_80_columns_and_24_lines_with_two_lines_to_spare(evidence):
    answer = answered(evidence)
    if answer is None:
        return
    lines = short_answer(answer, width=80, commands=COMMANDS).splitlines()

    assert len(lines) <= LINES <= 24 - 2
    assert max(map(len, lines)) <= 80
    assert (lines[-2].removeprefix("Next").strip(), lines[-1].strip()) == COMMANDS


@settings(max_examples=30)
@given(evidences(), st.integers(60, 120))
def test_at_any_width_the_same_is_said_and_no_word_is_broken(evidence, width):
    answer = answered(evidence)
    if answer is None:
        return
    narrow = short_answer(answer, width=width, lines=99)
    wide = short_answer(answer, width=10_000, lines=99)

    assert words(narrow) == words(wide)
    assert max(map(len, narrow.splitlines())) <= width


@settings(max_examples=30)
@given(evidences())
def test_the_parts_of_a_short_answer_are_those_of_the_whole_one(evidence):
    answer = answered(evidence)
    if answer is None:
        return
    short, whole = (" ".join(text.split()) for text in (short_answer(answer, lines=99), str(answer)))
    reasons = [" ".join(str(reason).split()) for reason in telling(answer)[:REASONS]]

    assert short.startswith(" ".join(str(answer.headline).split()))
    assert all(reason in short and reason in whole for reason in reasons)
    assert all(check.passed or check.name in short for check in answer.checklist)


@pytest.mark.parametrize("width", range(10, 40))
def test_a_figure_and_its_unit_stay_on_one_line(width):
    text = fold("It takes 12 KiB, and 14 % of 3 ms, in 20 s.", width=width)

    assert all(figure in text for figure in ("12 KiB", "14 %", "3 ms", "20 s"))
    assert max(map(len, text.splitlines())) <= width
