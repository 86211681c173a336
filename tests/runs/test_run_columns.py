"""Columns of runs mean what their names and values say, unless somebody says otherwise."""

import pytest

from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.optimizer_names import optimizer_of, schedule_of
from advisor.jobs.runs.reading import read_runs
from advisor.jobs.runs.sources.rows import Rows
from advisor.jobs.runs.sources.wandb_export import WandbExport
from studies.errors import BadValue, BadWorkload

ROW = {"opt": "adam", "lr": 0.01, "val_acc": 0.9}


def read(rows, **request):
    return read_runs(Rows(where=rows), RunsRequest(**request))


def meanings(runs):
    return {column.name: column.meaning for column in runs.columns.columns}


@pytest.mark.parametrize(
    ("written", "settings", "ours"),
    [
        ("AdamW", {}, "AdamW"),
        ("torch.optim.adamw.AdamW", {}, "AdamW"),
        ("<class 'torch.optim.sgd.SGD'>", {}, "SGD"),
        ("adamw_torch_fused", {}, "AdamW"),
        ("sgd", {"momentum": 0.9}, "Momentum"),
        ("SGD", {"momentum": 0.9, "nesterov": True}, "Nesterov"),
        ("SGD", {"momentum": 0.0}, "SGD"),
        ("schedule_free_adamw", {}, "ScheduleFreeAdamW"),
        ("FTRL", {}, "FTRL"),
    ],
)
def test_an_optimizer_is_known_by_any_of_its_names(written, settings, ours):
    assert optimizer_of(written, settings) == ours


def test_schedules_are_known_by_torch_and_trainer_names():
    names = ("CosineAnnealingLR", "cosine", "constant_with_warmup", "StepLR", "linear", "mine")
    assert [schedule_of(name) for name in names] == [
        "Cosine",
        "Cosine",
        "Constant",
        "Step",
        "LinearDecay",
        None,
    ]


def test_nested_settings_are_read_and_results_are_no_settings():
    config = {"optim": {"name": "AdamW", "lr": 0.01}, "bs": 32, "random_state": 1, "depth": 3}
    runs = read([{"config": config, "summary": {"val_acc": 0.9, "train_loss": 0.3}, "run_id": "a1"}])
    assert runs.records[0].params == {
        "optimizer": "AdamW", "optimizer.AdamW.lr": 0.01, "batch_size": 32, "depth": 3,
    }  # fmt: skip
    assert runs.records[0].seed == 1
    assert meanings(runs)["summary.train_loss"] == meanings(runs)["run_id"] == ""


def test_what_somebody_says_of_a_column_goes_before_any_guess():
    runs = read(
        [ROW | {"eta": 0.5, "note": "x", "algo": "sgd"}],
        columns={"lr": "eta", "optimizer": "algo"},
        left_out=("lr", "note", "opt"),
    )
    assert runs.records[0].params == {"optimizer": "SGD", "optimizer.SGD.lr": 0.5}


def test_what_all_runs_share_may_be_said_once():
    runs = read([{"lr": 0.01, "val_acc": 0.9}], constants={"optimizer": "AdamW"})
    assert runs.records[0].optimizer == "AdamW"


@pytest.mark.parametrize(
    ("row", "request_", "error", "says"),
    [
        ({"lr": 1, "val_acc": 0.9}, {}, BadWorkload, "--set optimizer=AdamW"),
        (ROW | {"val_loss": 0.1}, {}, BadValue, "it may be val_acc, val_loss; say --metric COLUMN"),
        ({"opt": "sgd", "taste": 1}, {"metric": "taste"}, BadValue, "say --direction maximize or minimize"),
        (ROW, {"metric": "val_ac"}, BadValue, "did you mean 'val_acc'"),
        (ROW, {"columns": {"lr": "eta"}}, BadValue, "has no column 'eta'"),
        (ROW | {"state": "odd"}, {}, BadWorkload, "state 'odd' in run 0 is not one of"),
        (ROW | {"state": "running"}, {}, BadWorkload, "has ended"),
        (ROW | {"val_acc": "high"}, {"metric": "val_acc"}, BadWorkload, "'high', which is no number"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for_in_one_line(row, request_, error, says):
    with pytest.raises(error, match=says) as raised:
        read([row], **request_)
    assert "\n" not in str(raised.value)


def test_a_lost_run_and_one_without_a_result_are_told_apart():
    lost, unreported, crashed = ROW | {"val_acc": float("nan")}, {"opt": "adam"}, ROW | {"State": "crashed"}
    runs = read([ROW, lost, unreported, crashed])
    assert [run.state for run in runs.records] == ["complete", "infeasible", "failed", "failed"]


WANDB = """"Name","State","Runtime","Tags","config","summary"
"brisk-1","finished","41","","{'opt': {'value': 'sgd'}, 'lr': {'value': 0.1}}","{'val_acc': 0.9}"
"calm-2","crashed","3","","{'opt': {'value': 'sgd'}, 'lr': {'value': 1.0}}","{}"
"""


def test_an_export_of_weights_and_biases_is_read_with_its_dicts(tmp_path):
    path = tmp_path / "wandb.csv"
    path.write_text(WANDB)
    runs = read_runs(WandbExport(where=path))
    assert [(run.state, run.quality, run.train_seconds) for run in runs.records] == [
        ("complete", 0.9, 41), ("failed", None, 3),
    ]  # fmt: skip
    assert runs.records[0].params == {"optimizer": "SGD", "optimizer.SGD.lr": 0.1}
