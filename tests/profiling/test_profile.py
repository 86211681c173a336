"""Facts of a workload, and what they come to before any trial."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from advisor.jobs.batch_sizes import batch_sizes
from advisor.jobs.planning import plan_for
from advisor.jobs.profile import preview
from advisor.jobs.request import Request
from studies.errors import BadValue
from studies.facts import Facts
from studies.limits import Budget, Limits
from studies.profiling.profile import profile
from studies.workload_opening import open_source


@pytest.fixture(scope="module")
def digits():
    return open_source("digits")


@pytest.fixture(scope="module")
def facts(digits):
    return profile(digits, batch_size=32, epochs=1, probing=0)


def test_digits_are_what_they_are(facts):
    assert (facts.kind, facts.task, facts.classes, facts.columns) == ("image", "classification", 10, 64)
    assert facts.rows == pytest.approx(0.6 * 1797, abs=2)
    assert facts.steps == 34
    assert facts.class_imbalance < 1.1
    assert facts.label_entropy > 0.99


def test_the_census_adds_up(facts):
    assert facts.parameters == 16 * 9 + 16 + 32 * 16 * 9 + 32 + 128 * 64 + 64 + 64 * 10 + 10
    assert facts.convolution_share == pytest.approx((16 * 9 + 32 * 16 * 9) / facts.parameters)
    assert facts.matrix_share == pytest.approx(128 * 64 / facts.parameters)
    assert not facts.is_linear
    assert profile(open_source("wine", model="linear"), batch_size=32, epochs=1, probing=0).is_linear


def test_multiply_accumulates_are_those_of_the_layers(facts):
    assert facts.macs == 64 * 16 * 9 + 16 * 32 * 16 * 9 + 128 * 64 + 64 * 10


def test_state_is_forecast_for_every_optimizer(facts):
    state = {forecast.optimizer: forecast.state_bytes for forecast in facts.forecasts}

    assert state["SGD"] == 0
    assert state["Momentum"] == 4 * facts.parameters
    assert state["AdamW"] == 8 * facts.parameters + 4 * 8  # and a counter for each of the eight tensors


def test_facts_survive_json(facts):
    assert Facts.from_dict(json.loads(json.dumps(facts.to_dict()))) == facts


def test_an_imbalanced_regression_has_no_classes():
    answer = profile(open_source("diabetes"), batch_size=32, epochs=1, probing=0)

    assert (answer.classes, answer.class_imbalance, answer.label_entropy) == (0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "rows", "sizes"),
    [(None, 1000, (16, 32, 128)), ("64", 1000, (64, 64, 64)), ("full", 1000, (1000, 1000, 1000)),
     ("1..full", 100, (1, 10, 100)),
     ("16..256", 1000, (16, 64, 256)), ("512", 100, (100, 100, 100)), (None, 20, (10, 20, 20))],
)  # fmt: skip
def test_batch_sizes_are_a_number_the_whole_set_or_a_range(text, rows, sizes):
    assert batch_sizes(text, rows) == sizes


@pytest.mark.parametrize("text", ["0", "-3", "many", "8..2", "1..", "..4", "2.5"])
def test_a_batch_size_that_is_none_is_refused(text):
    with pytest.raises(BadValue):
        batch_sizes(text, 100)


def test_fewer_seconds_mean_shorter_runs_and_fewer_optimizers(digits, facts):
    def plan(seconds):
        return plan_for(Request(source="digits", budget=Budget(seconds=seconds)), digits, facts)[0]

    assert plan(5).epochs <= plan(60).epochs <= plan(3600).epochs
    assert len(plan(1).candidates) < len(plan(3600).candidates)


def test_a_budget_in_trials_gives_the_same_plan_on_any_machine(digits, facts):
    slow = replace(facts, step_seconds=100 * facts.step_seconds)
    request = Request(source="digits", budget=Budget(trials=50))

    assert plan_for(request, digits, facts)[0] == plan_for(request, digits, slow)[0]


def test_a_model_of_your_own_keeps_its_latency_and_the_batches_that_fit(tmp_path, monkeypatch):
    """It is one model: no search gives it another width, as one that has settings may get."""
    (tmp_path / "own_net.py").write_text(
        "from torch import nn\n\n\ndef net(inputs, outputs):\n    return nn.Linear(inputs, outputs)\n"
    )
    monkeypatch.chdir(tmp_path)
    workload = open_source("wine", model="own_net.py:net")
    known = profile(workload, batch_size=32, epochs=1, probing=0)
    plan, known, _ = plan_for(Request(source="wine", budget=Budget(trials=2)), workload, known)

    assert known.latency_seconds is not None
    assert not plan.search_model


def test_whoever_names_the_optimizers_gets_them_all(digits, facts):
    request = Request(source="digits", budget=Budget(trials=2), optimizers=("sgd", "adam", "ADAMW"))

    assert set(plan_for(request, digits, facts)[0].candidates) == {"SGD", "Adam", "AdamW"}


def test_dropout_is_searched_only_where_there_are_dropout_layers(facts):
    def searched(model):
        workload = open_source("digits", model=model)
        return plan_for(Request(source="digits"), workload, facts)[0].regularizers

    assert "Dropout" in searched("mlp")
    assert "Dropout" not in searched("linear")


def test_what_a_profile_prints_fits_the_page_and_says_what_it_cost(digits):
    request = Request(source="digits", model="mlp", limits=Limits(train_bytes=600 * 1024), batch_size="128")
    shown = preview(request)
    lines = str(shown).splitlines()
    rows = {row["optimizer"]: row for row in shown.to_dict()["memory"]}

    assert max(map(len, lines)) <= 100
    assert any(line.startswith("Measured on a few batches, in ") for line in lines)
    assert any("not measured: rows touched (the model looks nothing up" in line for line in lines)
    every = str(replace(shown, everything=True))
    assert "as 2 x 64" in every or "as 4 x 32" in every
    assert rows["SGD"]["largest_batch"] > rows["Momentum"]["largest_batch"] >= 128
    assert rows["SGD"]["largest_microbatch"] < rows["SGD"]["largest_batch"]
    assert rows["LBFGS"]["largest_batch"] == 0


def test_a_profile_begins_with_the_columns_and_shows_eight_optimizers_and_all_when_asked(tmp_path):
    rows = [f"c{row};${1000 + row:,.2f};{row % 2}" for row in range(100)]
    (tmp_path / "prices.csv").write_text("\n".join(["name;price;sold", *rows]))
    shown = preview(Request.of(str(tmp_path / "prices.csv"), target="sold", device="cpu"))
    text = str(shown)

    assert text.startswith("Columns: 1 of 2 are inputs.")
    assert "left out: different in every row" in " ".join(text.split())
    assert [column["name"] for column in shown.to_dict()["columns"]] == ["name", "price"]
    assert "optimizers more with --all" in text
    assert "more with --all" not in str(replace(shown, everything=True))


def test_a_profile_knows_what_each_optimizer_step_costs(digits):
    facts = profile(digits, batch_size=32, epochs=1, probing=4.0)

    assert {"SGD", "AdamW", "Momentum"} <= set(facts.optimizer_seconds)
    assert all(seconds > 0 for seconds in facts.optimizer_seconds.values())
    assert facts.full_batch_seconds > 0
    assert "SparseAdam" not in facts.optimizer_seconds


def test_a_run_is_predicted_with_the_optimizers_own_step():
    facts = Facts(steps=100, step_seconds=0.01, optimizer_share=0.2, optimizer_seconds={"Muon": 0.05})
    assert facts.seconds_with("AdamW") == pytest.approx(facts.run_seconds)
    assert facts.seconds_with("Muon") == pytest.approx(100 * (0.008 + 0.05))


def test_a_latency_that_no_model_reaches_is_said_before_anything_is_trained(inside):
    for command in ("profile", "search"):
        ended = inside(command, "iris", "--latency", "1us")
        assert ended.returncode == 3
        assert "latency (limit 1 us)" in ended.stderr


def test_the_first_recipe_is_told_whole(inside):
    said = inside("profile", "iris")
    assert "lr " in said.stdout.split("Recipe")[1]
    assert "batch size" in said.stdout.split("Recipe")[1]
