"""MLflow mirror of a finished study: what its runs say, in a real SQLite store."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import optuna
import pytest

from studies.storage.journal import create_study
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec
from studies.tracking.entries import dataset_of, key, metrics_of, params_and_tags
from studies.tracking.sink import sync

from mirrored_runs import COSTS, CURVE, PLAN, add, curve, runs, trial
from records import deployed


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a finished study, mirrored twice."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    home = tmp_path_factory.mktemp("home")
    study = create_study(home, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    blown_up = replace(CURVE[-1], train_loss=float("nan"), valid_loss=float("inf"))
    add(
        study,
        trial(0, test_quality=0.7, stage="confirm", source=3),
        trial(1, "pruned"),
        trial(2, "infeasible", quality=None, curve=(), error="needs 5000 bytes, the limit is 4096"),
        trial(3, "failed", curve=(*CURVE[:2], blown_up), quality=None, error="diverged"),
        trial(4, "running"),
    )
    assert sync(home, "digits") == 4
    assert sync(home, "digits") == 0
    return home


def test_a_study_is_one_run_with_a_child_for_each_finished_trial(home):
    study, trials = runs(home)

    assert study.info.run_name == "digits"
    assert sorted(trials) == [0, 1, 2, 3]
    assert trials[0].info.run_name == "0 AdamW confirms 3, seed 7"
    assert trials[1].info.run_name == "1 AdamW lr 0.001, Cosine, batch 32"


def test_statuses_tell_how_each_trial_ended(home):
    _, trials = runs(home)

    assert [trials[number].info.status for number in range(4)] == ["FINISHED", "KILLED", "KILLED", "FAILED"]
    assert [trials[number].data.tags["advisor.state"] for number in range(4)] == [
        "complete",
        "pruned",
        "infeasible",
        "failed",
    ]
    assert trials[3].data.tags["advisor.error"] == "diverged"


def test_a_trial_has_its_recipe_curve_and_costs(home):
    run = runs(home)[1][0]

    recipe = {key: str(value) for key, value in trial(0).params.items()}
    assert run.data.params == recipe
    assert run.data.metrics["lr"] == float(recipe["optimizer.AdamW.lr"])  # under one name for every optimizer
    assert curve(home, run, "valid_accuracy") == [(1, 0.25), (2, 0.5), (3, 0.75)]
    assert curve(home, run, "train_loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert ({"train_seconds": 1.5} | COSTS).items() <= run.data.metrics.items()
    assert run.data.metrics["test_quality"] == 0.7
    assert {
        "advisor.stage": "confirm",
        "advisor.seed": "7",
        "advisor.source": "3",
    }.items() <= run.data.tags.items()


def test_only_a_complete_trial_has_a_quality(home):
    _, trials = runs(home)

    assert trials[0].data.metrics["quality"] == 0.75
    assert "quality" not in trials[1].data.metrics
    assert trials[1].data.metrics["partial_quality"] == 0.75


def test_values_that_are_not_finite_are_left_out_and_named(home):
    run = runs(home)[1][3]

    assert curve(home, run, "valid_loss") == [(1, 2.0), (2, 1.0)]
    assert run.data.tags["advisor.not_finite"] == "train_loss, valid_loss"


def test_the_study_carries_its_plan(home):
    study, _ = runs(home)

    assert study.data.params == {"dataset": "digits", "model": "cnn", "metric": "accuracy", "seed": "5"} | {
        "workload.source": "digits", "workload.digest": "0123456789abcdef", "workload.seed": "5",
    }  # fmt: skip
    assert study.data.tags["advisor.budget.seconds"] == "60.0"
    assert study.data.tags["advisor.versions.torch"] == "2.13"
    assert study.info.status == "KILLED"  # nobody searches it, and it has no recommendation


def test_a_sync_with_nothing_new_writes_nothing(home):
    def everything():
        with closing(sqlite3.connect(home / "mlflow.db")) as database:
            tables = (
                "runs",
                "metrics",
                "params",
                "tags",
                "latest_metrics",
                "datasets",
                "inputs",
                "input_tags",
            )
            return {table: sorted(map(repr, database.execute(f"SELECT * FROM {table}"))) for table in tables}

    before = everything()
    assert before["metrics"]
    assert sync(home, "digits") == 0
    assert everything() == before


def test_the_study_s_run_names_its_data_by_digest_and_the_user_s_commit(home):
    study, trials = runs(home)

    (dataset,) = study.inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("digits", "0123456789abcdef")
    assert json.loads(dataset.dataset.source)["tags"]["mlflow.source.name"] == "digits"
    assert (
        study.data.tags["mlflow.source.git.commit"]
        == trials[0].data.tags["mlflow.source.git.commit"]
        == "c0ffee"
    )
    assert study.data.tags["advisor.git.changed"] == "True"


def test_a_range_of_the_study_shares_no_name_with_a_value_of_a_trial():
    params, tags = params_and_tags(
        StudyManifest.from_dict(
            {"batch_size": [16, 32, 128], "epochs": 9, "notes": ["a"], "limits": {"model_bytes": 9}}
        )
    )

    assert params == {"searched.batch_size": [16, 32, 128], "epochs": 9}
    assert {"advisor.searched.notes", "advisor.limits.model_bytes"} <= tags.keys()


def test_data_in_a_file_is_told_by_its_path():
    dataset = dataset_of(
        StudyManifest(
            dataset="bills", workload=WorkloadSpec(source="/data/bills.csv", digest="ab" * 30, target="paid")
        )
    )

    assert (dataset.dataset.source_type, json.loads(dataset.dataset.source)) == (
        "local",
        {"uri": "/data/bills.csv"},
    )
    assert len(dataset.dataset.digest) <= 36
    assert {tag.key: tag.value for tag in dataset.tags}["advisor.target"] == "paid"


def test_a_training_function_has_no_dataset():
    assert dataset_of(StudyManifest(workload=WorkloadSpec(form="function", source="train.py:fit"))) is None


def test_what_was_measured_on_a_deployed_file_is_flat():
    figures = {
        metric.key: metric.value for metric in metrics_of(deployed(9, trial(0), 0.9), "accuracy", 0)[0]
    }

    assert figures["quality"] == 0.9
    assert {
        "file_bytes",
        "compressed_bytes",
        "agreement",
        "latency_1_median_seconds",
        "latency_64_p90_seconds",
    } <= figures.keys()


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("optimizer.AdamW.lr", "optimizer.AdamW.lr"),
        ("model.nets.py:Net.width", "model.nets.py:Net.width"),
        ("model./home/me/nets.py:Net.width", "model./home/me/nets.py:Net.width"),
        ("model.a/../b", "model.a_.._b"),
        ("valid_f1 [macro]", "valid_f1 _macro_"),
    ],
)
def test_names_are_made_acceptable_to_mlflow(name, taken):
    assert key(name) == taken


def test_reading_a_journal_needs_no_mlflow():
    check = "import sys, studies.tracking.sink; sys.exit('mlflow' in sys.modules or 'optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
