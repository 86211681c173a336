"""Every check is true of its study, says no number but its figures, and names a command that can be run."""

from __future__ import annotations

import math
import shlex
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from typer.main import get_command

from advisor.cli.app import USAGE_ERROR, app
from advisor.report.numbers import number, percent, ratio
from advisor.statements.check import Check
from studies.limits import LIMITED_COST

from made_studies import case_of, evidences
from statement_words import NUMBER, PLURAL_OF_ONE, counts, texts, without

THRESHOLDS = ("allowed", "wanted", "edge", "noise")
"""How the names of figures begin that no record knows: what a check measures by."""


def writings(value: float) -> set[str]:
    """Return the ways to write a figure."""
    digits = {f"{value:.{places}g}" for places in range(4, 18)}
    ways = {number(value), percent(value), *digits}
    if abs(value) < 700:  # a log-ratio
        ways |= {ratio(value), number(math.exp(value))}
    return {written for way in ways for written in NUMBER.findall(way)}


def strange_numbers(check: Check) -> set[str]:
    """Return the numbers in the words of a check that are no writing of a figure of it."""
    figures = [getattr(check, field.name) for field in fields(check)]
    words = without(f"{check.message} {check.fix}", {text for figure in figures for text in texts(figure)})
    allowed = {written for figure in figures for value in counts(figure) for written in writings(value)}
    return {written.rstrip(",") for written in NUMBER.findall(words)} - allowed


def parse(command: str) -> None:
    """Parse a command with the real command line; nothing is run."""
    program, name, *words = shlex.split(command)
    assert program == "advisor"
    get_command(app).commands[name].make_context(name, list(words))


def check_all(evidence):
    case = case_of(evidence)
    for check in case.answer.checklist if case else ():
        assert check.holds(case), check
        assert not strange_numbers(check), check
        assert not PLURAL_OF_ONE.search(check.message), check
        if check.command:
            assert not check.passed
            parse(check.command)
            assert repeats_the_question(check.command, evidence), check.command


def repeats_the_question(command, evidence):
    """Tell whether a command goes on with the study, or asks anew, at most by another metric."""
    if command.split()[1] in {"resume", "compress"}:
        return evidence.study in shlex.split(command)
    flags = [cost.flag for limit, cost in LIMITED_COST.items() if getattr(evidence.limits, limit) is not None]
    metric = {"--metric", evidence.metric, "--direction", str(evidence.direction)}
    repeated = {*shlex.split(evidence.command), *flags, "--budget"} - metric
    return repeated <= {*shlex.split(command)}


def test_a_command_with_a_word_that_is_no_option_does_not_parse():
    with pytest.raises(USAGE_ERROR):
        parse("advisor search digits --epoch 3")
    with pytest.raises(USAGE_ERROR):
        parse("advisor search digits --epochs many")


@given(evidences())
@settings(max_examples=300)
def test_every_check_holds_and_says_only_its_figures(evidence):
    check_all(evidence)


@pytest.mark.slow
@given(evidences())
@settings(max_examples=10_000)
def test_every_check_holds_in_thousands_of_studies(evidence):
    check_all(evidence)


def changes(check):
    """Return the check with one figure after another changed, and with the other verdict."""
    yield replace(check, passed=not check.passed)
    for field in fields(check):
        value = getattr(check, field.name)
        measured = not field.name.startswith(THRESHOLDS) and field.name != "passed"
        if measured and isinstance(value, (int, float)):
            yield replace(check, **{field.name: value + abs(value) + 1})
        if measured and field.name != "subjects" and isinstance(value, tuple) and value:
            yield replace(check, **{field.name: value[1:]})


@given(evidences())
@settings(max_examples=100)
def test_a_check_with_another_figure_does_not_hold(evidence):
    case = case_of(evidence)
    for check in case.answer.checklist if case else ():
        for other in changes(check):
            assert not other.holds(case), other
