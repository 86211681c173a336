"""Trials of a study are listed with their errors, and a study that mostly failed says so and ends so."""

from __future__ import annotations

import json

from advisor.cli.terminal import MOSTLY_FAILED, WRONG_INPUT

LOOSE = """
from pathlib import Path

import torch

class Loose(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = torch.nn.Linear(inputs, outputs)

    def forward(self, rows):
        if self.training and Path("loose").exists():
            raise RuntimeError("a wire came loose")
        return self.layer(rows)
"""
RAISES = '            raise RuntimeError("a wire came loose")'
ERROR = f"loose.py, line {LOOSE.splitlines().index(RAISES) + 1}: RuntimeError: a wire came loose"
SEARCH = (
    "search iris --epochs 3 --study s --optimizers SGD --regularizers none --tracking-uri off "
    "--model loose.py:Loose --budget 3trials --json"
)


def resumed(inside, tmp_path):
    """Search, and go on when no trial can train any more."""
    (tmp_path / "loose.py").write_text(LOOSE)
    searched = inside(*SEARCH.split())
    (tmp_path / "loose").touch()
    return searched, inside("resume", "s", "--budget", "18trials", "--json")


def test_a_search_that_mostly_failed_ends_with_a_status_of_its_own_and_says_why(inside, tmp_path):
    well, badly = resumed(inside, tmp_path)
    answer, line = json.loads(badly.stdout), badly.stderr.splitlines()[-1]
    (failed,) = (each for each in answer["failures"] if each["state"] == "failed")

    assert (well.returncode, badly.returncode) == (0, MOSTLY_FAILED)
    assert all(each["state"] == "pruned" for each in json.loads(well.stdout)["failures"])
    assert answer["trials"]["complete"] > 0
    assert answer["trials"]["failed"] == len(failed["trials"]) == 15
    assert failed["reason"] == ERROR
    total = sum(answer["trials"].values())
    problem = f"advisor: 15 of {total} trials failed, 15 of them with {ERROR}"
    assert line == f"{problem}; see: advisor list trials s"


def test_each_trial_is_listed_with_its_state_what_it_reached_and_its_error(inside, tmp_path):
    resumed(inside, tmp_path)
    rows = json.loads(inside("list", "trials", "s", "--json").stdout)
    heading, *lines = inside("list", "trials", "s").stdout.splitlines()

    assert heading.split() == ["trial", "state", "stage", "optimizer", "quality", "error"]
    assert [line.split()[:4] for line in lines] == [
        [row["name"], row["state"], row["stage"], row["optimizer"]] for row in rows
    ]
    for row in rows:
        assert (row["error"] == ERROR) == (row["state"] == "failed")
        assert (row["quality"] is not None) or row["state"] in {"failed", "infeasible"}


def test_the_study_must_be_named_for_its_trials_and_for_nothing_else(inside):
    for words, problem in {
        ("list", "trials"): "name the study: advisor list trials STUDY; there are: none yet",
        ("list", "rules", "s"): "rules are the same for every study; leave 's' out",
        ("list", "trials", "s"): "no study 's'",
    }.items():
        done = inside(*words)
        assert done.returncode == WRONG_INPUT
        assert problem in done.stderr
