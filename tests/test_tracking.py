"""The MLflow mirror, against a real SQLite store of MLflow."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import optuna
import pytest

from studies.errors import StoreError, StudyNotFound
from studies.record import Measurement
from studies.storage.journal import change_manifest, create_study, open_study
from studies.storage.locks import working
from studies.storage.manifest import StudyManifest
from studies.tracking.entries import dataset_of, key, metrics_of, params_and_tags
from studies.tracking.process import Mirror
from studies.tracking.sink import EXPERIMENT, Sink, default_uri, figures_of, sync
from studies.workload_spec import WorkloadSpec

from records import deployed, record
from waiting import HANG_SECONDS, wait_until

PLAN = {
    "id": "7f3a",
    "dataset": "digits",
    "model": "cnn",
    "metric": "accuracy",
    "seed": 5,
    "budget": {"seconds": 60.0, "trials": None},
    "versions": {"torch": "2.13"},
    "facts": {"rows": 1000},
    "workload": {"source": "digits", "digest": "0123456789abcdef", "seed": 5},
    "git": {"commit": "c0ffee", "changed": True},
    "sensitivity": [{"name": "0.weight", "size": 4, "before": 1.0, "levels": [0.5], "losses": [1.5]}],
}
CURVE = tuple(
    Measurement(
        epoch=epoch,
        step=10 * epoch,
        seconds=0.5 * epoch,
        train_loss=1 / epoch,
        valid_loss=2 / epoch,
        valid_metric=epoch / 4,
    )
    for epoch in (1, 2, 3)
)
COSTS = {"peak_bytes": 4096, "optimizer_state_bytes": 2048, "model_bytes": 1024, "latency_seconds": 0.002}


def trial(number, state="complete", **changes):
    fields = {"curve": CURVE, "quality": 0.75, "seed": 7, "train_seconds": 1.5} | COSTS | changes
    return replace(record(number, state=state), **fields)


def add(study, *trials):
    for each in trials:
        attributes = {"record": each.to_dict()}
        study.add_trial(
            optuna.trial.create_trial(
                value=each.quality or 0.0, params={}, distributions={}, user_attrs=attributes
            )
        )


def client(home):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=default_uri(home))


def runs(home):
    """Return the study's run and its trials' runs by number."""
    mlflow = client(home)
    frame = mlflow.search_runs([mlflow.get_experiment_by_name(EXPERIMENT).experiment_id])
    parents = [run for run in frame if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in frame if "mlflow.parentRunId" in run.data.tags]
    assert len(parents) == 1
    assert {run.data.tags["mlflow.parentRunId"] for run in children} <= {parents[0].info.run_id}
    by_number = {int(run.data.tags["advisor.number"]): run for run in children}
    assert len(by_number) == len(children)
    return parents[0], by_number


def curve(home, run, name):
    return [(point.step, point.value) for point in client(home).get_metric_history(run.info.run_id, name)]


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
    assert trials[0].info.run_name == "0 AdamW, confirm"
    assert trials[1].info.run_name == "1 AdamW"


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
            return {table: sorted(map(repr, database.execute(f"SELECT * FROM {table}"))) for table in tables}  # noqa: S608

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


@pytest.fixture
def grown(tmp_path):
    """A home with one mirrored trial."""
    study = create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    add(study, trial(0))
    sync(tmp_path, "digits")
    return tmp_path, study


def test_a_run_cut_off_by_a_crash_is_completed(grown):
    home, study = grown
    add(study, trial(1))
    mlflow, (parent, _) = client(home), runs(home)
    tags = {"mlflow.parentRunId": parent.info.run_id, "advisor.number": "1"}
    begun = mlflow.create_run(parent.info.experiment_id, tags=tags, run_name="1 AdamW")
    start = round(1000 * study.trials[1].datetime_start.timestamp())
    mlflow.log_batch(begun.info.run_id, metrics=metrics_of(trial(1), "accuracy", start)[0][:9])

    assert sync(home, "digits") == 1
    run = runs(home)[1][1]
    assert run.info.run_id == begun.info.run_id
    assert run.info.status == "FINISHED"
    assert curve(home, run, "valid_accuracy") == [(1, 0.25), (2, 0.5), (3, 0.75)]


def test_a_run_cut_off_in_a_file_store_has_every_value_once(tmp_path):
    from mlflow import MlflowClient

    uri = (tmp_path / "mlruns").as_uri()
    study = create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    sync(tmp_path, "digits", tracking_uri=uri)
    add(study, trial(0))
    store = MlflowClient(tracking_uri=uri)
    experiment = store.get_experiment_by_name(EXPERIMENT).experiment_id
    (parent,) = store.search_runs([experiment])
    start = round(1000 * study.trials[0].datetime_start.timestamp())
    begun = store.create_run(
        experiment, start, {"mlflow.parentRunId": parent.info.run_id, "advisor.number": "0"}
    )
    store.log_batch(begun.info.run_id, metrics=metrics_of(trial(0), "accuracy", start)[0][:9])

    assert sync(tmp_path, "digits", tracking_uri=uri) == 1
    for name in ("valid_accuracy", "train_seconds", "quality"):
        history = store.get_metric_history(begun.info.run_id, name)
        assert (
            len(history) == len({point.step for point in history}) == (3 if name == "valid_accuracy" else 1)
        )


def test_of_two_runs_for_one_trial_the_whole_one_stays(grown):
    home, _ = grown
    mlflow, (parent, (child,)) = client(home), (runs(home)[0], runs(home)[1].values())
    tags = {"mlflow.parentRunId": parent.info.run_id, "advisor.number": "0"}
    mlflow.create_run(parent.info.experiment_id, 1, tags)  # as a server makes it whose answer came too late
    mlflow.create_run(parent.info.experiment_id, round(1000 * time.time()), tags)

    assert sync(home, "digits") == 0
    assert runs(home)[1][0].info.run_id == child.info.run_id


def test_a_long_curve_and_a_wide_recipe_take_several_batches(grown):
    home, study = grown
    long = tuple(replace(CURVE[0], epoch=epoch, step=epoch, seconds=0.1 * epoch) for epoch in range(1, 701))
    wide = {f"settings.{number}": "x" * 7000 if number == 1 else number for number in range(150)}
    add(study, trial(1, curve=long, params=trial(1).params | wide))

    assert sync(home, "digits") == 1
    run = runs(home)[1][1]
    assert len(curve(home, run, "valid_accuracy")) == 700
    assert len(run.data.params) == len(trial(1).params) + 150
    assert sync(home, "digits") == 0


def test_the_figures_somebody_drew_are_kept_and_replaced(grown):
    home, _ = grown
    page = figures_of(home, "digits")
    page.parent.mkdir()
    for drawn in ("<p>one</p>", "<p>two</p>"):
        page.write_text(drawn)
        sync(home, "digits")
        assert (
            home / "artifacts" / runs(home)[0].info.run_id / "artifacts" / "figures.html"
        ).read_text() == drawn


def test_a_study_that_nobody_searches_is_not_said_to_run(grown):
    home, _ = grown
    assert runs(home)[0].info.status == "KILLED"
    with working(home, "digits"):
        sync(home, "digits")
        assert runs(home)[0].info.status == "RUNNING"


def test_the_recommendation_is_kept_as_files_and_replaced_when_it_changes(grown):
    home, study = grown
    for advice in ("Use AdamW.", "Use SGD."):
        change_manifest(
            study,
            recommendation={
                "markdown": advice,
                "json": json.dumps(
                    {"answer": advice, "optimizer": advice[4:-1], "quality": 0.5 if "SGD" in advice else 0.25}
                ),
            },
            budget={"seconds": 90.0},
        )
        sync(home, "digits")

        run = runs(home)[0]
        assert run.info.status == "FINISHED"
        assert run.data.tags["advisor.budget.seconds"] == "90.0"
        folder = home / "artifacts" / run.info.run_id / "artifacts"
        assert (folder / "recommendation.md").read_text() == advice
        assert json.loads((folder / "recommendation.json").read_text())["answer"] == advice
        assert run.data.tags["mlflow.note.content"] == advice
        assert run.data.tags["advisor.recommended.optimizer"] == advice[4:-1]
        assert run.data.metrics["recommended_quality"] == (0.5 if "SGD" in advice else 0.25)


def test_one_process_at_a_time_mirrors_a_study(grown):
    home, _ = grown
    sink = Sink(home, "digits", None)

    with pytest.raises(StoreError, match="another process is mirroring study 'digits'"):
        sync(home, "digits")
    sink.close()


def test_an_unknown_study_is_named(tmp_path):
    with pytest.raises(StudyNotFound, match="no study 'digits'"):
        sync(tmp_path, "digits")


def test_the_mirror_follows_a_search_and_ends_with_it(grown):
    home, study = grown
    mirror = Mirror.start(home, "digits")
    add(study, trial(1), trial(2))

    assert mirror.finish(HANG_SECONDS) is None
    parent, trials = runs(home)
    assert sorted(trials) == [0, 1, 2]
    assert parent.info.status == "KILLED"  # a search that ended without a recommendation was stopped


def test_a_tracking_server_that_is_gone_is_reported_in_one_line_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    mirror = Mirror.start(tmp_path, "digits", "http://somebody:secret@127.0.0.1:9")
    said = mirror.finish(HANG_SECONDS)
    assert said.startswith("MLflow mirror not finished: MLflow at http://***@127.0.0.1:9 cannot be written")
    assert said.endswith("; complete it with: advisor sync digits")
    assert "secret" not in said
    assert "\n" not in said


def test_a_mirror_out_of_time_says_so(tmp_path):
    create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))

    said = Mirror.start(tmp_path, "digits").finish(0.01)
    assert said == "MLflow mirror not finished: 0.01 s were not enough; complete it with: advisor sync digits"


def test_the_mirror_outlives_a_killed_search_only_to_complete_its_work(grown):
    home, study = grown
    add(study, trial(1))
    search = (
        "import os, pathlib, sys; from studies.tracking.process import Mirror; "
        "print(Mirror.start(pathlib.Path(sys.argv[1]), 'digits')._process.pid, flush=True); os._exit(9)"
    )
    started = subprocess.run(
        [sys.executable, "-c", search, home], stdout=subprocess.PIPE, text=True, check=False
    )

    wait_until(lambda: not _alive(int(started.stdout)), "the mirror ends")
    assert sorted(runs(home)[1]) == [0, 1]


def _alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{process}/stat") as status:  # noqa: PTH123
        return status.read().split(")")[1].split()[0] != "Z"


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


def test_the_mirror_leaves_the_journal_as_it_is(grown):
    home, _ = grown
    before = (home / "studies" / "digits.journal").read_bytes()
    sync(home, "digits")

    assert (home / "studies" / "digits.journal").read_bytes() == before
    assert len(open_study(home, "digits").trials) == 1
