"""Registered models in MLflow, loaded by a process that has none of our code nor the user's."""

import os
import subprocess
import sys

import pytest

import advisor
from advisor.jobs.register import check, lines, register
from studies.errors import BadValue, BadWorkload
from studies.tracking.sink import default_uri

from waiting import HANG_SECONDS

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, outputs))

    def forward(self, rows):
        return self.body(rows)
"""
NETS = {
    "built in": None,
    "of the user's own": NET,
    "in 64 bits": NET.replace("nn.Linear(8, outputs))", "nn.Linear(8, outputs)).double()"),
    "with computed weights": NET.replace(
        "nn.Linear(inputs, 8)", "nn.utils.parametrizations.weight_norm(nn.Linear(inputs, 8))"
    ),
}
LOAD = """
import sys, numpy, torch, mlflow
mlflow.set_tracking_uri(sys.argv[1])
uri = sys.argv[2]
given = numpy.random.default_rng(0).random((5, 4), dtype="float32")
plain, wrapped = mlflow.pytorch.load_model(uri).eval(), mlflow.pyfunc.load_model(uri)
with torch.inference_mode():
    numpy.testing.assert_allclose(wrapped.predict(given), plain(torch.from_numpy(given)).numpy(), rtol=1e-6)
print(wrapped.predict(given).shape, wrapped.metadata.metadata["classes"], "studies" in sys.modules)
"""


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
    return done.stdout.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("net", NETS)
def test_the_recommended_model_is_loaded_by_a_fresh_process(tmp_path, monkeypatch, net):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "net.py").write_text(NETS[net] or NET)
    monkeypatch.chdir(tmp_path)
    study = advisor.search(
        "iris",
        budget="6trials",
        epochs=3,
        home=home,
        model="net.py:Net" if NETS[net] else "mlp",
        optimizers="AdamW",
    )

    assert register(home, study, "iris-net") == {"iris-net": 1}
    assert register(home, study, "iris-net") == {"iris-net": 2}
    # what else this process logs goes where it did
    assert not {"MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"} & os.environ.keys()
    (tmp_path / "net.py").unlink()
    assert (
        fresh(home, "models:/iris-net/2", elsewhere) == "(5, 3) ['setosa', 'versicolor', 'virginica'] False"
    )


@pytest.mark.slow
def test_its_answers_are_those_of_the_confirmed_run_and_its_card_says_which(tmp_path):
    from mlflow import MlflowClient

    from studies.storage.journal import open_study, records

    study = advisor.search("iris", budget="6trials", epochs=3, home=tmp_path, model="mlp", optimizers="AdamW")
    register(tmp_path, study, "iris-net")

    version = MlflowClient(default_uri(tmp_path), default_uri(tmp_path)).get_model_version("iris-net", "1")
    trial = int(version.tags["advisor.trial"])
    confirmed = {
        record.number: record for record in records(open_study(tmp_path, study)) if record.stage == "confirm"
    }
    assert trial in advisor.recommend(study, home=tmp_path).trials
    assert confirmed[trial].quality == max(confirmed[number].quality for number in confirmed)
    assert f"trial {trial} of study {study}" in version.description


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
    ]
