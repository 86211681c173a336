"""A command that a check names does what the check says it does: it is run as it stands."""

from __future__ import annotations

import shlex

import pytest

from advisor.decide import trial_checks
from advisor.jobs.advice import advice
from studies.search import search

START = ("search", "iris", "--epochs", "3", "--no-earlier", "--tracking-uri", "off", "--study", "few")


def enough(home):
    return next(check for check in advice(home, "few").checklist if check.name == "enough trials")


FOUR = pytest.param("AdamW,SGD,Momentum,Adagrad", marks=pytest.mark.slow)


@pytest.mark.parametrize("optimizers", ["AdamW,SGD", FOUR])
def test_the_budget_for_the_missing_runs_makes_them(inside, home, optimizers):
    assert inside(*START, "--optimizers", optimizers, "--budget", "5trials").returncode == 0
    before = enough(home)
    assert inside(*shlex.split(before.command)[1:]).returncode == 0

    assert not before.passed
    assert enough(home).passed


def test_the_advice_knows_until_when_a_search_tries_every_optimizer():
    known = trial_checks.ROUNDS_FOR_ALL, trial_checks.FEWEST_OPTIMIZERS

    assert known == (search.HALVINGS[0], search.FEWEST_OPTIMIZERS)
