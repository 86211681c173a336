"""A command that a check names does what the check says it does: it is run as it stands."""

from __future__ import annotations

import shlex

import pytest

from advisor.jobs.advice import advice

START = ("search", "iris", "--epochs", "3", "--no-earlier", "--tracking-uri", "off", "--study", "few")


def enough(home):
    return next(check for check in advice(home, "few").checklist if check.name == "whole runs")


FOUR = "AdamW,SGD,Momentum,Adagrad"
SEVEN = f"{FOUR},Lion,NAdamW,Nesterov"


@pytest.mark.parametrize(
    ("optimizers", "fair"),
    [
        ("AdamW,SGD", "contention"),
        pytest.param(FOUR, "contention", marks=pytest.mark.slow),
        pytest.param(FOUR, "strict", marks=pytest.mark.slow),
        pytest.param(SEVEN, "contention", marks=pytest.mark.slow),
    ],
)
def test_the_budget_for_the_missing_runs_makes_them(inside, home, optimizers, fair):
    options = ("--optimizers", optimizers, "--fair", fair, "--budget", "7trials")
    assert inside(*START, *options).returncode == 0
    before = enough(home)
    assert inside(*shlex.split(before.command)[1:]).returncode == 0

    assert not before.passed
    assert enough(home).passed
