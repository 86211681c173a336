"""Mirror of a study that grows: crashes, batches, one process at a time, servers that are gone."""

import json
import os
import pickle
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest

from studies.errors import StoreError, StudyNotFound
from studies.storage.journal import change_manifest, create_study, open_study, records
from studies.storage.locks import working
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import all_trials
from studies.tracking.entries import metrics_of
from studies.tracking.process import Mirror
from studies.tracking.sink import Sink, figures_of, sync

from mirrored_runs import CURVE, DIGITS, PLAN, add, client, curve, runs, trial
from waiting import HANG_SECONDS, has_ended, wait_until


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
    experiment = store.get_experiment_by_name(DIGITS).experiment_id
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

    wait_until(lambda: has_ended(int(started.stdout)), "the mirror ends")
    assert sorted(runs(home)[1]) == [0, 1]


def test_a_mirror_that_dies_is_started_again(grown):
    home, study = grown
    mirror = Mirror.start(home, "digits")
    first = mirror._process
    first.kill()
    wait_until(lambda: mirror._process is not first, "another one is started")
    add(study, trial(1))

    assert mirror.finish(HANG_SECONDS) is None
    assert sorted(runs(home)[1]) == [0, 1]


def test_a_mirror_that_dies_in_its_last_pass_is_started_again_for_it(grown, monkeypatch):
    home, study = grown
    add(study, trial(1))
    mirror = Mirror.start(home, "digits")
    mirror._finishing = True  # as from the moment that it is asked to finish
    mirror._process.kill()

    assert mirror.finish(HANG_SECONDS) is None
    assert sorted(runs(home)[1]) == [0, 1]


def test_a_mirror_that_dies_twice_says_so_and_sync_completes_it(grown):
    home, study = grown
    add(study, trial(1))
    mirror = Mirror.start(home, "digits")
    first = mirror._process
    first.kill()
    wait_until(lambda: mirror._process is not first, "another one is started")
    mirror._process.kill()

    assert mirror.finish(HANG_SECONDS) == (
        "MLflow mirror not finished: its process ended with status -9; complete it with: advisor sync digits"
    )
    assert sync(home, "digits") == 1


def test_a_mirror_gets_a_few_seconds_when_somebody_wants_an_end(grown, monkeypatch):
    home, _ = grown
    monkeypatch.setattr("studies.tracking.process.HURRIED_SECONDS", 0.01)

    said = Mirror.start(home, "digits").finish(HANG_SECONDS, stop=lambda: True)
    assert said == "MLflow mirror not finished: 0.01 s were not enough; complete it with: advisor sync digits"


def test_a_mirror_whose_server_never_answers_does_not_outlive_its_search_by_long(tmp_path):
    create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    code = (
        "import sys; from studies.tracking import process; process.LAST_PASS_SECONDS = 0.1; "
        "sys.exit(process.main(sys.argv[1], 'digits'))"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False,
            env=os.environ | {"MLFLOW_TRACKING_URI": address},
        )  # fmt: skip

    assert (done.returncode, done.stdout) == (1, "")  # what keeps a pass from its end would be said


def test_what_is_mirrored_leaves_the_memory_and_nothing_else_changes(grown):
    home, study = grown
    with closing(Sink(home, "digits", None)) as sink:
        sizes = []
        for number in range(1, 4):
            add(study, trial(number))
            assert sink.write(status="RUNNING") == 1
            assert sink.write(status="RUNNING") == 0
            sizes.append(len(pickle.dumps(all_trials(sink._study))))
    assert sizes[-1] < len(pickle.dumps(all_trials(open_study(home, "digits")))) / 4
    assert sorted(runs(home)[1]) == [0, 1, 2, 3]
    assert records(open_study(home, "digits")) == tuple(map(trial, range(4)))


def test_the_mirror_leaves_the_journal_as_it_is(grown):
    home, _ = grown
    before = (home / "studies" / "digits.journal").read_bytes()
    sync(home, "digits")

    assert (home / "studies" / "digits.journal").read_bytes() == before
    assert len(open_study(home, "digits").trials) == 1
