"""Commands that the advice prints are such that they can be pasted."""

import shlex
from pathlib import Path

from advisor.jobs import command_lines
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest

PLAN = {
    "budget": {"seconds": 60.0, "trials": None},
    "workload": {
        "source": "/data/my wine.csv",
        "target": "quality",
        "metric": "accuracy",
        "model": "MLP",
        "model_fields": {},
        "seed": 3,
    },
}

manifest = StudyManifest.from_dict


def test_a_study_is_resumed_under_twice_its_budget():
    assert (
        command_lines.resume(default_home(), "wine-1", manifest(PLAN))
        == "advisor resume wine-1 --budget 120s"
    )
    trials = PLAN | {"budget": {"seconds": None, "trials": 40}}
    assert (
        command_lines.resume(Path("/there"), "wine-1", manifest(trials))
        == "advisor resume wine-1 --budget 80trials --home /there"
    )


def test_a_workload_is_searched_anew_whatever_its_name():
    line = command_lines.search(default_home(), manifest(PLAN))
    words = [
        "advisor",
        "search",
        "/data/my wine.csv",
        "--target",
        "quality",
        "--metric",
        "accuracy",
        "--model",
        "MLP",
    ]
    assert shlex.split(line) == [*words, "--seed", "3", "--budget", "60s"]


def test_an_own_model_is_named_by_its_file():
    spec = PLAN["workload"] | {"model": "Custom", "model_fields": {"factory": "net.py:Net"}}
    assert "--model net.py:Net" in command_lines.search(default_home(), manifest(PLAN | {"workload": spec}))


def test_a_training_function_keeps_its_direction_and_has_no_model():
    spec = {
        "form": "function",
        "source": "train.py:fit",
        "metric": "loss",
        "direction": "minimize",
        "model": "settings:1",
    }
    line = command_lines.search(default_home(), manifest(PLAN | {"workload": spec}))
    assert line == "advisor search train.py:fit --metric loss --direction minimize --budget 60s"


def test_what_only_code_can_name_has_no_command():
    assert (
        command_lines.search(
            default_home(), manifest(PLAN | {"workload": PLAN["workload"] | {"source": "__main__:Workload"}})
        )
        == ""
    )


def test_another_home_is_named_and_the_usual_one_is_not():
    assert command_lines.at_home(default_home()) == ""
    assert command_lines.at_home(Path("/there you are")) == " --home '/there you are'"
