"""Registered models in MLflow, loaded and served by processes that have none of our packages installed."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import advisor
from advisor.jobs.register import check, lines, register
from studies.errors import BadValue, BadWorkload
from studies.storage import journal
from studies.tracking.sink import default_uri

from waiting import HANG_SECONDS, free_port, wait_until

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, outputs))

    def forward(self, rows):
        return self.body(rows)
"""
SOURCES = {
    "built in": None,
    "of the user's own": NET,
    "in 64 bits": NET.replace("nn.Linear(8, outputs))", "nn.Linear(8, outputs)).double()"),
    "with computed weights": NET.replace(
        "nn.Linear(inputs, 8)", "nn.utils.parametrizations.weight_norm(nn.Linear(inputs, 8))"
    ),
}
HIDDEN = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.path = [place for place in sys.path if not (place and __import__("os").path.isdir(place + "/studies"))]
import importlib.util, json, mlflow, numpy, pandas
assert importlib.util.find_spec("studies") is importlib.util.find_spec("advisor") is None
mlflow.set_tracking_uri(sys.argv[1])
"""
NETS = tuple(SOURCES)
LOAD = (
    HIDDEN
    + """
model = mlflow.pyfunc.load_model(sys.argv[2])
answer = model.predict(pandas.read_csv("rows.csv"))
assert "artifacts" in sys.modules["studies"].__file__
names = model.metadata.signature.inputs.input_names()
print(json.dumps([names, list(answer.columns), answer.prediction.tolist()]))
"""
)


def fit(recipe, report, seed):
    for epoch in range(recipe.epochs):
        if report(epoch + 1, 0.5 + recipe.optimizer.lr):
            return


def fresh(home, uri, folder):
    """Load a registered model in another process and folder, where nothing of ours can be imported."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-W", "ignore", "-c", LOAD, default_uri(home), uri]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def people():
    """Return rows as people keep them: amounts with a currency, dates, gaps and labels."""
    generator = np.random.default_rng(0)
    ages = generator.integers(18, 80, 120)
    return pd.DataFrame(
        {
            "age": ages,
            "income": [f"${amount:,}" for amount in generator.integers(1000, 90_000, 120)],
            "city": generator.choice(["Rome", "Oslo", "Lima"], 120),
            "score": np.where(generator.random(120) < 0.1, np.nan, generator.normal(size=120)),
            "bought": np.where(ages > 45, "yes!", "no"),
        }
    )


def searched(tmp_path, home, **options):
    people().to_csv(tmp_path / "people.csv", index=False)
    return advisor.search(
        str(tmp_path / "people.csv"),
        target="bought",
        **{"budget": "4trials", "epochs": 2, "optimizers": "AdamW", "model": "mlp"} | options,
        home=home,
    )


@pytest.mark.parametrize("net", [NETS[0], *(pytest.param(net, marks=pytest.mark.slow) for net in NETS[1:])])
def test_the_recommended_model_takes_the_rows_of_the_file_in_a_process_without_us(tmp_path, monkeypatch, net):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "net.py").write_text(SOURCES[net] or NET)
    monkeypatch.chdir(tmp_path)
    study = searched(tmp_path, home, model="net.py:Net" if SOURCES[net] else "mlp")
    rows = people().drop(columns="bought").iloc[::-1]
    rows.to_csv(elsewhere / "rows.csv", index=False)
    expected = advisor.load(study, home=home).predict(rows).values.tolist()

    assert register(home, study, "net") == {"net": 1}
    assert register(home, study, "net") == {"net": 2}
    # what else this process logs goes where it did
    assert not {"MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"} & os.environ.keys()
    (tmp_path / "net.py").unlink()
    columns, gives, predictions = fresh(home, "models:/net/2", elsewhere)
    assert columns == ["age", "income", "city", "score"]
    assert gives == ["prediction", "p(no)", "p(yes!)"]
    assert predictions == expected


def test_a_server_answers_raw_rows(tmp_path):
    home = tmp_path / "home"
    study = searched(tmp_path, home)
    register(home, study, "net")
    rows = people().drop(columns="bought").head(9)
    expected = advisor.load(study, home=home).predict(rows)

    with served(home, "models:/net/1", tmp_path) as post:
        split = json.loads(rows.to_json(orient="split"))
        answers = post({"dataframe_split": {"columns": split["columns"], "data": split["data"]}})
        without = [{"age": 30, "income": "$9,000", "city": "Rome"}]  # the score had gaps: it may be left out
        shorter = post({"dataframe_records": without})
        refused = post({"dataframe_records": [{"age": 30}]})

    assert [row["prediction"] for row in answers["predictions"]] == expected.values.tolist()
    chances = [[row["p(no)"], row["p(yes!)"]] for row in answers["predictions"]]
    np.testing.assert_allclose(chances, expected.probabilities, rtol=1e-6)
    assert len(shorter["predictions"]) == 1
    assert "missing inputs ['income', 'city']" in refused["message"]


@contextmanager
def served(home, uri, folder):
    """Serve a registered model; yield what posts rows to it and returns its answer."""
    port = free_port()
    hidden = {"PYTHONPATH": "", "MLFLOW_TRACKING_URI": default_uri(home)}
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", uri, "-p", str(port)]
    server = subprocess.Popen(
        [*command, "--env-manager", "local"],
        cwd=folder,
        env=os.environ | hidden | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def post(rows):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            data=json.dumps(rows).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def up():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping") as answer:
                return answer.status == 200
        except OSError:
            assert server.poll() is None
            return False

    try:
        wait_until(up, "the server answers")
        yield post
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def test_its_card_names_the_confirmed_run_that_it_is_of(tmp_path):
    from mlflow import MlflowClient

    from studies.storage.journal import open_study, records

    study = searched(tmp_path, tmp_path / "home")
    register(tmp_path / "home", study, "net")

    uri = default_uri(tmp_path / "home")
    version = MlflowClient(uri, uri).get_model_version("net", "1")
    trial = int(version.tags["advisor.trial"])
    confirmed = {
        record.number: record
        for record in records(open_study(tmp_path / "home", study))
        if record.stage == "confirm"
    }
    assert trial in advisor.recommend(study, home=tmp_path / "home").trials
    assert confirmed[trial].quality == max(record.quality for record in confirmed.values())
    assert f"trial {trial}" in version.description


class Enough(Exception):
    """Raised by a listener that has events enough trials."""


def test_a_model_that_nothing_confirmed_is_registered_only_when_asked(tmp_path):
    home = tmp_path / "home"
    events = []

    def listen(event):
        events.extend([event] if event.record is not None else [])
        if len(events) == 3:
            raise Enough

    with pytest.raises(Enough):
        searched(tmp_path, home, study="short", listen=listen, tracking_uri="off")
    stages = {record.stage for record in journal.records(journal.open_study(home, "short"))}
    assert stages
    assert "confirm" not in stages
    with pytest.raises(BadValue, match="is not confirmed: it was the best of many on the rows that chose it"):
        register(home, "short", "net", tracking_uri=default_uri(home))
    assert register(home, "short", "net", tracking_uri=default_uri(home), unconfirmed=True) == {"net": 1}


def test_a_training_function_has_no_model_to_register(home):
    study = advisor.search(fit, metric="accuracy", budget="2trials", epochs=2, home=home, tracking_uri="off")

    with pytest.raises(BadWorkload, match="holds its model to itself: there is no model to register"):
        register(home, study, "mine")


def test_without_a_mirror_there_is_nowhere_to_register():
    with pytest.raises(BadValue, match="nowhere to register a model; give a --tracking-uri"):
        check("mine", "off")


@pytest.mark.parametrize("name", ["", " ", "a/b", "models:/a"])
def test_a_name_that_mlflow_would_refuse_is_refused_at_once(name):
    with pytest.raises(BadValue, match="model name"):
        check(name, None)


def test_what_was_registered_is_told_with_how_to_load_it():
    assert lines({"net": 3, "net-onnx": 1}).splitlines() == [
        "registered 'net' version 3: models:/net/3",
        "registered 'net-onnx' version 1: models:/net-onnx/1",
        "load it with: mlflow.pyfunc.load_model('models:/net/3')",
        "serve it with: mlflow models serve -m models:/net/3 --env-manager local",
    ]
