"""What a command line says reaches the request, every option of it."""

from dataclasses import MISSING, fields

import pytest

from advisor.cli.arguments import ProfileArguments, SearchArguments
from studies.errors import BadValue
from studies.limits import Budget, Limits

OPTIONS = {
    "source": "digits", "target": "y", "model": "mlp", "metric": "f1", "direction": "maximize",
    "task": "classification", "kind": "table", "group": "patient", "missing": "unknown, not known",
    "budget": "20trials", "exhaust": True, "batch_size": "64", "epochs": 3,
    "sample_rows": "500",
    "optimizers": "AdamW, Lion", "schedules": "Step", "regularizers": "none", "wrappers": "EMA",
    "class_weights": "balanced", "tune_model": True, "memory": "1MiB", "model_size": "1KiB", "latency": "2ms",
    "train_time": "3s", "goal": "speed", "pretrained": True, "open_ended": True, "rule": ["Sparsity=off"],
    "start": ["recipe.toml"], "start_from": "old-1", "earlier": False, "portfolio": False,
    "compression": "after", "passes": "Magnitude, Float16", "study": "s",
    "tracking_uri": "off", "device": "cpu", "seed": 7, "workers": "3", "trial_time": "10m",
    "fair": "strict", "lockstep": "off", "precision": "bf16", "compile": "on",
}  # fmt: skip
ELSEWHERE = {"home", "register", "full", "json", "config", "save_config"}
"""Options that the command reads itself."""
OTHER_SPLITS = {"time", "split"}
"""Options that exclude the group."""


def test_every_option_of_a_search_is_one_of_its_request():
    assert {f.name for f in fields(SearchArguments)} == {*OPTIONS, *ELSEWHERE, *OTHER_SPLITS}
    request = SearchArguments(**OPTIONS).request()
    alike = set(OPTIONS) & {f.name for f in fields(request)} - {
        "budget",
        "missing",
        "optimizers",
        "schedules",
        "regularizers",
        "wrappers",
        "passes",
        "start",
        "workers",
    }
    assert {name: getattr(request, name) for name in alike} == {name: OPTIONS[name] for name in alike}
    assert (request.optimizers, request.schedules) == (("AdamW", "Lion"), ("Step",))
    assert request.passes == ("Magnitude", "Float16")
    assert (request.regularizers, request.wrappers) == ((), ("EMA",))
    assert request.start == ("recipe.toml",)
    assert str(request.workers) == OPTIONS["workers"]
    assert request.missing == ("unknown", "not known")
    assert (request.rules, request.budget) == (("Sparsity=off",), Budget(trials=20))
    assert request.limits == Limits(
        train_bytes=2**20, model_bytes=1024, latency_seconds=0.002, train_seconds=3.0
    )


@pytest.mark.parametrize("kind", [ProfileArguments, SearchArguments])
@pytest.mark.parametrize("way", ["time", "group", "split"])
def test_a_split_goes_by_the_column_that_is_named(kind, way):
    assert getattr(kind(source="t.csv", **{way: "day"}).request().split_by, way) == "day"


def test_a_split_goes_by_a_single_column():
    with pytest.raises(BadValue, match="--time day and --group who: a split goes by one column"):
        SearchArguments(source="t.csv", time="day", group="who").request()


@pytest.mark.parametrize("kind", [ProfileArguments, SearchArguments])
def test_what_is_not_said_is_left_to_the_advisor(kind):
    request = kind(source="digits").request()
    assert request == type(request)(source="digits")


@pytest.mark.parametrize("kind", [ProfileArguments, SearchArguments])
def test_only_the_data_must_be_named(kind):
    assert [f.name for f in fields(kind) if f.default is MISSING] == ["source"]
