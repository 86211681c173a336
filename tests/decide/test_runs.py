"""Runs that somebody else made, in a CSV, are evidence like any other."""

import pytest

from advisor.decide.recommend import recommend
from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.objects import evidence_from as evidence_in
from advisor.jobs.runs.sources.csv_file import CsvFile
from studies.errors import BadValue, BadWorkload

RUNS = """params.optimizer,params.lr,seed,metrics.accuracy,train_seconds,peak_bytes
adamw,0.001,0,0.912,41,1000000
adamw,0.001,1,0.909,41,1000000
adamw,0.001,2,0.914,41,1000000
adamw,0.003,0,0.905,41,1000000
SGD,0.1,0,0.875,38,600000
SGD,0.1,1,0.877,38,600000
SGD,0.3,0,nan,38,600000
"""


def evidence_from(path, *, metric, direction=None):
    return evidence_in(CsvFile(where=path), RunsRequest(metric=metric, direction=direction))


@pytest.fixture
def runs(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(RUNS)
    return path


def test_a_row_becomes_the_record_of_its_run(runs):
    record = evidence_from(runs, metric="accuracy").records[0]
    assert (record.optimizer, record.quality, record.seed, record.train_seconds, record.peak_bytes) == (
        "AdamW", 0.912, 0, 41.0, 1_000_000,
    )  # fmt: skip
    assert record.params["optimizer.AdamW.lr"] == 0.001


def test_all_seeds_of_a_recipe_are_its_confirmation(runs):
    records = evidence_from(runs, metric="accuracy").records
    assert [(record.stage, record.source) for record in records] == [
        ("confirm", 0), ("race", None), ("confirm", 0), ("confirm", 0), ("race", None),
        ("confirm", 4), ("race", None), ("confirm", 4), ("race", None),
    ]  # fmt: skip


def test_a_run_without_a_number_was_lost(runs):
    assert evidence_from(runs, metric="accuracy").records[-1].state == "infeasible"


def test_the_runs_of_others_are_advised_on(runs, inside):
    advice = recommend(evidence_from(runs, metric="accuracy"))
    assert advice.optimizer == "AdamW"
    assert advice.quality == pytest.approx((0.912 + 0.909 + 0.914) / 3)
    said = inside("recommend", "--records", str(runs), "--metric", "accuracy")
    assert said.stdout.startswith("Use AdamW (lr 0.001")
    assert inside(
        "recommend", "--records", str(runs), "--metric", "accuracy", "--memory", "700000"
    ).stdout.startswith("Use SGD")


def test_a_loss_is_made_small_unless_told_otherwise(runs):
    runs.write_text("optimizer,valid_loss\nAdamW,0.3\nSGD,0.5\n")
    assert evidence_from(runs, metric="valid_loss").direction == "minimize"
    assert evidence_from(runs, metric="valid_loss", direction="maximize").direction == "maximize"


@pytest.mark.parametrize(
    ("text", "metric", "error", "says"),
    [
        ("", "accuracy", BadWorkload, "holds no run"),
        (
            "optimizer,acc\nAdamW,0.9\n",
            "accuracy",
            BadValue,
            "has no column 'accuracy'; did you mean 'acc'",
        ),
        ("accuracy\n0.9\n", "accuracy", BadWorkload, "no column of .* names the optimizer; say which"),
        (
            "optimizer,accuracy\nAdamW,high\n",
            "accuracy",
            BadWorkload,
            "accuracy in row 2 of .* is 'high', which is no number",
        ),
        ("optimizer,accuracy\n,0.5\n", "accuracy", BadWorkload, "names the optimizer; say which"),
        ("optimizer,accuracy,state\nAdamW,0.5,odd\n", "accuracy", BadWorkload, "state 'odd' in row 2"),
        ("optimizer,taste\nAdamW,0.5\n", "taste", BadValue, "whether 'taste' is made large or small"),
    ],
)
def test_what_is_no_table_of_runs_is_said_so(runs, text, metric, error, says):
    runs.write_text(text)
    with pytest.raises(error, match=says):
        evidence_from(runs, metric=metric)


def test_neither_a_study_nor_runs_is_one_plain_line(inside, runs):
    for words in ((), ("digits-1", "--records", str(runs))):
        ended = inside("recommend", *words)
        assert ended.returncode == 2
        assert "name a study, or give --records runs.csv" in ended.stderr


MLFLOW = """run_id,status,artifact_uri,start_time,metrics.accuracy,\
params.optimizer,params.lr,params.seed,tags.mlflow.user
a1,FINISHED,mlruns/1/a1,10,0.91,torch.optim.AdamW,0.001,0,me
a2,FINISHED,mlruns/1/a2,11,0.92,torch.optim.AdamW,0.001,1,me
b1,FINISHED,mlruns/1/b1,12,0.89,torch.optim.SGD,0.1,0,me
b2,FAILED,mlruns/1/b2,13,0.2,torch.optim.SGD,0.1,1,me
c1,RUNNING,mlruns/1/c1,14,0.99,torch.optim.SGD,0.2,0,me
"""


def test_an_export_of_mlflow_is_read_as_it_is(runs):
    runs.write_text(MLFLOW)
    evidence = evidence_from(runs, metric="accuracy")
    assert {record.optimizer for record in evidence.records} == {"AdamW", "SGD"}
    assert set(evidence.records[0].params) == {"optimizer", "optimizer.AdamW.lr"}
    raced = [run for run in evidence.records if run.optimizer == "SGD" and run.stage == "race"]
    assert [run.state for run in raced] == ["complete", "failed"]  # the one that still runs says nothing
    assert recommend(evidence).quality == pytest.approx(0.915)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadWorkload, match=r"no file '.*gone.csv'; give the path of a CSV of runs"):
        evidence_from(tmp_path / "gone.csv", metric="accuracy")
