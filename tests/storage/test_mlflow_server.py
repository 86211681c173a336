"""The mirror against a real `mlflow server`, and against one that is dead, full or never answers."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import optuna
import pytest

from studies.errors import StoreError
from studies.storage.journal import create_study, open_study, records
from studies.storage.manifest import StudyManifest
from studies.tracking.process import Mirror
from studies.tracking.sink import EXPERIMENT, sync

from records import record
from waiting import ANSWER_SECONDS, HANG_SECONDS, free_port, wait_until

PLAN = {
    "id": "7f3a",
    "dataset": "digits",
    "metric": "accuracy",
    "workload": {"source": "digits", "digest": "0123456789abcdef"},
}
ADVICE = {"markdown": "Use AdamW.", "json": '{"optimizer": "AdamW", "quality": 0.9}'}


@contextmanager
def mlflow_server(folder):
    """A `mlflow server` of its own; yields its address and its process."""
    folder.mkdir()
    uri = f"http://127.0.0.1:{free_port()}"
    where = [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        *where,
        "--port",
        uri.rpartition(":")[2],
        "--workers",
        "1",
    ]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **quiet)
    try:
        wait_until(lambda: healthy(uri), "it answers")
        yield uri, process
    finally:
        kill(process)


def healthy(uri):
    with urllib.request.urlopen(f"{uri}/health", timeout=ANSWER_SECONDS) as page:  # noqa: S310
        return page.status == 200


def kill(process):
    """End a server at once, its workers with it: the group is its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def runs(uri):
    """Return the runs of studies, and of trials by number."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(f"{EXPERIMENT}: digits")
    all_runs = client.search_runs([experiment.experiment_id]) if experiment else []
    parents = [run for run in all_runs if "mlflow.parentRunId" not in run.data.tags]
    trials = [run for run in all_runs if "mlflow.parentRunId" in run.data.tags]
    assert len({run.data.tags["advisor.number"] for run in trials}) == len(trials)
    return parents, {int(run.data.tags["advisor.number"]): run for run in trials}


def add(study, *trials):
    for each in trials:
        attributes = {"record": each.to_dict()}
        study.add_trial(
            optuna.trial.create_trial(value=each.quality, params={}, distributions={}, user_attrs=attributes)
        )


@pytest.mark.slow
def test_a_server_holds_what_the_journal_holds(tmp_path):
    study = create_study(
        tmp_path,
        "digits",
        direction="maximize",
        manifest=StudyManifest.from_dict(PLAN | {"recommendation": ADVICE}),
    )
    add(study, *(record(number) for number in range(5)))
    with mlflow_server(tmp_path / "server") as (uri, _):
        assert sync(tmp_path, "digits", tracking_uri=uri) == 5
        assert sync(tmp_path, "digits", tracking_uri=uri) == 0

        (parent,), trials = runs(uri)
        assert sorted(trials) == [0, 1, 2, 3, 4]
        assert parent.info.status == "FINISHED"
        assert parent.inputs.dataset_inputs[0].dataset.digest == "0123456789abcdef"
        assert trials[3].data.metrics["quality"] == 0.9
        (advice_file,) = (tmp_path / "server" / "files").rglob("recommendation.md")
        assert advice_file.read_text() == "Use AdamW."


@pytest.mark.slow
def test_a_server_killed_in_mid_search_stops_nothing_and_a_new_one_gets_all(tmp_path):
    home = tmp_path / "home"
    with mlflow_server(tmp_path / "first") as (uri, server):
        command = [
            sys.executable,
            "-m",
            "advisor",
            "search",
            "wine",
            "--budget=300trials",
            "--exhaust",
            "--study=w",
            f"--home={home}",
        ]
        search = subprocess.Popen(
            [*command, "--tracking-uri", uri], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: runs(uri)[1], "a trial is mirrored")
        begun = len(records(open_study(home, "w")))
        kill(server)
        answer, said = search.communicate(timeout=HANG_SECONDS)
    tried = [each for each in records(open_study(home, "w")) if each.state != "running"]

    assert search.returncode == 0
    assert "Recipe" in answer
    assert len(tried) > begun
    assert "MLflow mirror not finished" in said
    assert "complete it with: advisor sync w" in said
    with mlflow_server(tmp_path / "second") as (uri, _):
        assert sync(home, "w", tracking_uri=uri) == len(tried)
        assert sync(home, "w", tracking_uri=uri) == 0
        (parent,), trials = runs(uri)
        assert sorted(trials) == [each.number for each in tried]
        assert parent.info.status == "FINISHED"


@pytest.mark.slow
def test_a_mirror_whose_server_comes_back_goes_on(tmp_path):
    study = create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    add(study, record(0))
    with mlflow_server(tmp_path / "server") as (uri, server):
        mirror = Mirror.start(tmp_path, "digits", uri)
        wait_until(lambda: runs(uri)[1], "a trial is mirrored")
        os.killpg(server.pid, signal.SIGSTOP)
        add(study, record(1), record(2))
        time.sleep(3)
        os.killpg(server.pid, signal.SIGCONT)

        assert mirror.finish(HANG_SECONDS) is None
        assert sorted(runs(uri)[1]) == [0, 1, 2]


@contextmanager
def answering(status):
    """A server that answers everything with one status, or with None not at all until it ends."""
    ended = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            if status is None:
                ended.wait(HANG_SECONDS)
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - named by the standard library

        def log_message(self, *args): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        ended.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def waiting(tmp_path):
    study = create_study(tmp_path, "digits", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    add(study, record(0))
    return tmp_path


def test_a_server_with_no_room_left_is_told_in_one_line(waiting):
    with (
        answering(507) as uri,
        pytest.raises(StoreError, match=r"MLflow at http://127.* cannot be written: .*507") as refused,
    ):
        sync(waiting, "digits", tracking_uri=uri)

    assert "\n" not in str(refused.value)


def test_a_server_that_never_answers_is_given_up_on(waiting, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with answering(None) as uri, pytest.raises(StoreError, match="cannot be written"):
        sync(waiting, "digits", tracking_uri=uri)


def test_a_server_that_never_answers_holds_nobody_up(waiting):
    with answering(None) as uri:
        mirror = Mirror.start(waiting, "digits", uri)
        add(open_study(waiting, "digits"), record(1))
        said = mirror.finish(1)

    assert said == "MLflow mirror not finished: 1 s were not enough; complete it with: advisor sync digits"
    assert sync(waiting, "digits") == 2
