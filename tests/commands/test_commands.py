"""Commands that the advice prints are such that they can be pasted."""

import json
import shlex
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.main import get_command

from advisor.cli.app import app
from advisor.cli.arguments import SearchArguments
from advisor.jobs import command_lines
from advisor.jobs.command_lines import options_of
from advisor.jobs.request import Request, split
from advisor.jobs.session import prepare
from studies.limits import Budget, Limits
from studies.storage.follow import read_study
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import CompressionEntry
from studies.storage.workload_spec import WorkloadSpec

PLAN = {
    "fair": "contention",
    "exhaust": False,
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


@pytest.mark.parametrize(
    ("metric", "direction", "words"),
    [
        ("accuracy", "maximize", []),
        ("f1", "maximize", ["--metric", "f1"]),
        ("work.py:hits", "maximize", ["--metric", "work.py:hits", "--direction", "maximize"]),
    ],
)
def test_a_search_anew_leaves_out_what_goes_without_saying(metric, direction, words):
    workload = PLAN["workload"] | {"metric": metric, "direction": direction}
    facts = {"task": "classification"}
    line = command_lines.search(default_home(), manifest(PLAN | {"workload": workload, "facts": facts}))

    measured = [word for word in shlex.split(line) if word in {"--metric", metric, "--direction", direction}]
    assert measured == words


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
        "--model-size": "40KB",
        "--rule": "Sparsity=off",
    }
    assert options.items() >= expected.items()
    again = command_lines.resume(default_home(), "s", manifest(asked_for))
    assert again == "advisor resume s --budget 120s"


NAMES = {
    "optimizers": ("AdamW", "NAdamW", "Muon"),
    "schedules": ("Cosine", "Constant"),
    "regularizers": ("L1", "Mixup"),
    "wrappers": ("EMA", "SAM"),
    "passes": ("Channels", "WeightOnly"),
}


def some_of(names):
    return st.lists(st.sampled_from(names), unique=True, max_size=2).map(tuple)


REQUESTS = st.fixed_dictionaries(
    {"source": st.sampled_from(("iris", "/data/my wine.csv"))},
    optional={
        "target": st.sampled_from(("kind", "two words")),
        "missing": some_of(("unknown", "-999", "not there")),
        "batch_size": st.sampled_from(("64", "full", "16..256")),
        "sample_rows": st.sampled_from(("400", "none")),
        "epochs": st.integers(1, 99),
        **{name: some_of(choices) for name, choices in NAMES.items() if name != "passes"},
        "class_weights": st.just("balanced"),
        "tune_model": st.booleans(),
        "pretrained": st.booleans(),
        "open_ended": st.booleans(),
        "earlier": st.booleans(),
        "portfolio": st.booleans(),
        "start_from": st.just("wine-1"),
        "start": some_of(("/here/recipe.toml", "/here/best of all.toml")),
        "budget": st.sampled_from(("60s", "3trials", "7m")),
        "exhaust": st.booleans(),
        "limits": st.builds(Limits, model_bytes=st.integers(1, 2**40)),
        "goal": st.sampled_from(("quality", "memory")),
        "rules": st.just(("Sparsity=off", "Convergence=0.5")),
        "device": st.sampled_from(("cpu", "cuda")),
        "trial_time": st.sampled_from(("10m", 3, 0.1)),
        "fair": st.sampled_from(("strict", "contention")),
        "precision": st.sampled_from(("float32", "bf16")),
        "compile": st.sampled_from(("on", "off")),
        "lockstep": st.just("off"),
        "seed": st.integers(0, 99),
    },
)
COMPRESSIONS = st.fixed_dictionaries(
    {"compression": st.sampled_from(("after", "joint"))}, optional={"passes": some_of(NAMES["passes"])}
)


def manifest_of(request):
    """Return what the manifest of a search for this would say of it."""
    searching, compressing = split(request.budget, request.compression)
    return StudyManifest(
        budget=searching,
        compression_study=compressing and CompressionEntry(budget=compressing),
        workload=WorkloadSpec(
            source=request.source,
            target=request.target,
            missing=request.missing,
            class_weights=request.class_weights,
            seed=request.seed,
        ),
        **{name: getattr(request, name) for name in ("limits", "goal", "rules", "compression", "passes")},
        **{name: getattr(request, name) for name in ("exhaust", "fair", "trial_seconds")},
        options=options_of(request),
    )


def parsed(line):
    """Return the request that a printed command makes; nothing is run."""
    _, name, *words = shlex.split(line)
    context = get_command(app).commands[name].make_context(name, words)
    return SearchArguments(**context.params).request()


@settings(max_examples=60)
@given(REQUESTS, st.just({}) | COMPRESSIONS)
def test_a_printed_search_asks_just_what_was_asked(options, compressed):
    request = Request.of(**options | compressed)

    journal = json.loads(json.dumps(manifest_of(request).to_dict()))
    again = parsed(command_lines.search(default_home(), manifest(journal)))

    assert again.trial_seconds == request.trial_seconds
    assert replace(again, trial_time=None) == replace(request, trial_time=None)


def test_every_option_of_a_search_is_repeated_or_has_a_reason():
    options = {f.name for f in fields(Request)}
    repeated = options - {*command_lines.ELSEWHERE, *command_lines.ASIDE, "space"}
    flags = {
        word for parameter in search_parameters() for word in (*parameter.opts, *parameter.secondary_opts)
    }
    assert {f"--{name.replace('_', '-')}" for name in repeated} <= flags
    assert {*command_lines.ELSEWHERE, *command_lines.ASIDE} <= options


def search_parameters():
    return get_command(app).commands["search"].params


def test_settings_from_code_have_no_command():
    spec = {"form": "function", "source": "train.py:fit", "metric": "loss", "model": "settings:1"}
    values = PLAN | {"workload": spec, "options": {"space": ["depth"]}}
    assert command_lines.search(default_home(), manifest(values)) == ""


def test_a_search_that_was_made_says_its_own_command(home):
    asked_for = {
        "optimizers": ("NAdamW", "AdamW"),
        "batch_size": "16..32",
        "epochs": 3,
        "budget": Budget(trials=3),
        "precision": "bf16",
        "lockstep": "off",
        "portfolio": False,
        "fair": "strict",
        "exhaust": True,
        "regularizers": (),
        "wrappers": ("EMA",),
        "seed": 2,
    }
    request = Request(source="iris", tracking_uri="off", study="first", workers=0, **asked_for)
    session = prepare(request, home)
    line = command_lines.search(default_home(), read_study(home, "first").manifest)
    again = prepare(replace(parsed(line), tracking_uri="off", workers=0, study="second"), home)

    assert replace(session.plan, step_price=again.plan.step_price) == again.plan  # a price is measured
