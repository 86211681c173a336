"""Commands that the advice prints are such that they can be pasted."""

import shlex
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from advisor.jobs import command_lines
from studies.limits import Limits
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


LIMITS = st.builds(
    Limits,
    train_bytes=st.none() | st.integers(1, 2**40),
    model_bytes=st.none() | st.integers(1, 2**40),
    latency_seconds=st.none() | st.floats(1e-9, 1e3),
    train_seconds=st.none() | st.floats(1e-9, 1e6),
)


@given(LIMITS)
def test_limits_are_repeated_to_the_last_digit(limits):
    options = command_lines.limit_options(limits)
    names = {flag.removeprefix("--").replace("-", "_"): value for flag, value in options.items()}

    unlimited = dict.fromkeys(("memory", "model_size", "latency", "train_time"))
    assert Limits.parse(**unlimited | names) == limits


def test_a_search_anew_repeats_the_whole_question():
    asked_for = PLAN | {
        "budget": {"seconds": 36.0, "trials": None},
        "compression": "after",
        "compression_study": {"budget": {"seconds": 24.0, "trials": None}},
        "goal": "memory",
        "limits": {"model_bytes": 40_000},
        "rules": ["Sparsity=off"],
        "workload": PLAN["workload"] | {"class_weights": "balanced", "group": "who"},
    }
    words = shlex.split(command_lines.search(default_home(), manifest(asked_for)))

    options = dict(zip(words[3::2], words[4::2], strict=True))
    expected = {
        "--budget": "60s",
        "--class-weights": "balanced",
        "--group": "who",
        "--goal": "memory",
        "--compression": "after",
        "--model-size": "40000B",
        "--rule": "Sparsity=off",
    }
    assert options.items() >= expected.items()
    again = command_lines.resume(default_home(), "s", manifest(asked_for))
    assert again == "advisor resume s --budget 120s"
