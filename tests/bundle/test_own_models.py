"""Bundles of models of the user's own: their source travels along, or else the exported program."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import advisor
from studies.bundle.bundle import Bundle
from studies.errors import BadWorkload

from animals import animals
from waiting import HANG_SECONDS

BLOCKS = """
from torch import nn

def body(inputs, width):
    return nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU())
"""
NET = """
from torch import nn
from blocks import body

class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.body, self.head = body(inputs, 8), nn.Linear(8, outputs)
        self.head2 = self.head

    def forward(self, rows):
        return self.head2(self.body(rows))
"""
CHOICE = """
from dataclasses import dataclass
from studies.models import ModelChoice
from studies.space import whole

@dataclass(frozen=True, kw_only=True)
class Wide(ModelChoice):
    \"\"\"A layer.

    Helps: always.
    Hurts: never.
    Source: here.
    \"\"\"

    width: int = whole(4, 16, default=8)

    def build(self, inputs, outputs):
        from torch import nn
        return nn.Sequential(nn.Linear(inputs.size, self.width), nn.Tanh(), nn.Linear(self.width, outputs))
"""
LOAD = """
import sys, pandas
from studies.bundle.bundle import Bundle
print(list(Bundle.load(sys.argv[1]).predict(pandas.read_csv(sys.argv[2])).values))
"""
QUICK = {"budget": "2trials", "epochs": 2, "optimizers": "AdamW", "tracking_uri": "off"}


def elsewhere(bundle_folder, rows, folder):
    """Predict in another process and folder, where the user's files cannot be imported."""
    command = [sys.executable, "-c", LOAD, bundle_folder, rows]
    done = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, timeout=HANG_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("model", ["net.py:Net", "net:Net", "wide.py:Wide"])
def test_a_model_from_a_file_is_built_elsewhere_from_the_files_that_it_takes(tmp_path, monkeypatch, model):
    home, folder = tmp_path / "home", tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in {"blocks.py": BLOCKS, "net.py": NET, "wide.py": CHOICE}.items():
        (tmp_path / name).write_text(text)
    animals().to_csv("animals.csv", index=False)
    study = advisor.search("animals.csv", target="sort", model=model, home=home, **QUICK)
    bundle = advisor.load(study, home=home)
    bundle.save(tmp_path / "bundle")
    for name in ("blocks.py", "net.py", "wide.py"):
        (tmp_path / name).unlink()
    sys.modules.pop("blocks", None), sys.modules.pop("net", None)

    answers = elsewhere(tmp_path / "bundle", tmp_path / "animals.csv", folder)

    assert answers == str(list(bundle.predict(animals()).values))
    files = {path.name for path in (tmp_path / "bundle" / "code").iterdir()}
    assert files == ({"wide.py"} if "Wide" in model else {"net.py", "blocks.py"})


def test_a_model_made_in_memory_travels_as_its_exported_program(tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    rows = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
    labels = np.array(["a", "b", "c"] * 20)
    workload = advisor.Workload(train=(rows, labels), model=module)
    study = advisor.search(workload, home=tmp_path, **QUICK)

    bundle = advisor.load(study, home=tmp_path)

    assert "The model was made in memory and its source is in no file" in " ".join(bundle.about.notes)
    bundle.save(tmp_path / "bundle")
    assert {"model.pt2"} <= {path.name for path in (tmp_path / "bundle").iterdir()}
    again = Bundle.load(tmp_path / "bundle")
    for count in (1, 2, 60):
        left, right = (each.predict(rows[:count]).probabilities for each in (bundle, again))
        assert left.shape == (count, 3)
        assert np.allclose(left, right, atol=1e-6)


def test_exports_stand_beside_the_weights_and_answer_as_they_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    animals().to_csv("animals.csv", index=False)
    bundle = advisor.load(advisor.search("animals.csv", target="sort", home=tmp_path, **QUICK), home=tmp_path)

    assert bundle.save("bundle", exports=True) == ()

    from studies.deployment.export import run, session

    inputs = bundle.members[0].encoder.transform(animals())
    expected = bundle.members[0].outputs(inputs)
    program = torch.export.load(tmp_path / "bundle" / "model.pt2").module()
    assert np.allclose(program(torch.from_numpy(inputs)).detach().numpy(), expected, atol=1e-5)
    graph = session((tmp_path / "bundle" / "model.onnx").read_bytes())
    assert np.allclose(run(graph, inputs), expected, atol=1e-5)
    assert np.array_equal(Bundle.load("bundle").predict(animals()).values, bundle.predict(animals()).values)


def test_a_training_function_has_no_model_to_predict_with(home):
    def fit(recipe, report, seed):
        report(1, 0.5 + recipe.optimizer.lr)

    study = advisor.search(fit, metric="accuracy", budget="2trials", epochs=1, home=home, tracking_uri="off")

    with pytest.raises(BadWorkload, match="holds its model to itself: there is none to predict with"):
        advisor.load(study, home=home)


def test_a_model_whose_file_was_changed_reads_no_weights_of_the_old_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from torch import nn\n\ndef Net(a, b):\n    return nn.Linear(a, b)\n")
    study = advisor.search(
        "iris", model="net.py:Net", budget="2trials", epochs=2, optimizers="SGD", tracking_uri="off"
    )
    advisor.load(study)

    (tmp_path / "net.py").write_text(
        "from torch import nn\n\ndef Net(a, b):\n    return nn.Linear(a, b, True)\n"
    )
    with pytest.raises(BadWorkload, match="has changed since the study trained its weights"):
        advisor.load(study)
