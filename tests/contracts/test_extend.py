"""Extensions by users: a choice as CONTRIBUTING says, a package with entry points, models of any form."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from studies import catalogue
from studies.choice import sections
from studies.data.inputs import Inputs
from studies.data.opening import open_dataset
from studies.data.prepare import prepare
from studies.datasets import Raw
from studies.errors import BadValue, BadWorkload
from studies.imports import load
from studies.measure.model import state_bytes
from studies.optim.routing import route
from studies.recipe import Recipe
from studies.train import Training
from studies.workload_model import check_model, find_model
from studies.workload_opening import reopen_workload

ROOT = Path(__file__).parents[2]


def contributed():
    """Return the optimizer that CONTRIBUTING.md writes out."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.DOTALL)
    return blocks[0]


@pytest.fixture
def signsgd(tmp_path):
    (tmp_path / "signsgd.py").write_text(contributed())
    return load(f"{tmp_path / 'signsgd.py'}:SignSGD")


def test_the_optimizer_in_contributing_keeps_the_contract(signsgd, iris):
    model = nn.Linear(4, 3)
    optimizer = signsgd().build(model, total_steps=3)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.01)
    before = model.weight.detach().clone()
    optimizer.step()

    torch.testing.assert_close(before - model.weight, torch.full((3, 4), signsgd().lr), rtol=1e-4, atol=1e-6)
    assert state_bytes(optimizer) == sum(
        signsgd().state_bytes(tuple(p.shape), role) for _, p, role in route(model).roles
    )
    assert set(sections(signsgd)) == {"Helps", "Hurts", "Source"}
    run = Training(Recipe(optimizer=signsgd(), model=iris.model, epochs=9), iris, seed=0)
    run.advance(9)
    assert run.quality > 0.6


TINY = """

import numpy as np
from studies.datasets import DatasetChoice, Raw
from studies.models import ModelChoice
from studies.space import whole


@dataclass(frozen=True, kw_only=True)
class TinyNet(ModelChoice):
    \"\"\"One hidden layer.

    Helps: this test.
    Hurts: nothing.
    Source: this test.
    \"\"\"

    hidden: int = whole(2, 64, default=8, log=True)

    def build(self, inputs, outputs):
        from torch import nn

        wide, narrow = nn.Linear(inputs.size, self.hidden), nn.Linear(self.hidden, outputs)
        return nn.Sequential(nn.Flatten(), wide, nn.Tanh(), narrow)


@dataclass(frozen=True, kw_only=True)
class TinyRows(DatasetChoice):
    \"\"\"60 rows of two columns that a line divides.

    Helps: this test.
    Hurts: nothing.
    Source: this test.
    \"\"\"

    rows: ClassVar[int] = 60
    columns: ClassVar[int] = 2
    task: ClassVar[str] = "classification"
    source: ClassVar[str] = "made here"
    licence: ClassVar[str] = "MIT"

    def load(self):
        inputs = np.random.default_rng(0).normal(size=(60, 2))
        return Raw(inputs=inputs, targets=np.where(inputs.sum(1) > 0, "above", "below"), task=self.task)
"""
OFFERS = {"optimizers": "SignSGD", "models": "TinyNet", "datasets": "TinyRows"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Have pip install a tiny package of choices; return where, and a command line that sees it."""
    root, site = tmp_path_factory.mktemp("tiny"), tmp_path_factory.mktemp("site")
    (root / "tiny_choices.py").write_text(contributed() + TINY)
    points = [
        f'[project.entry-points."optimizer_advisor.{kind}"]\n{name} = "tiny_choices:{name}"'
        for kind, name in OFFERS.items()
    ]
    project = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    project += '[project]\nname = "tiny-choices"\nversion = "1.0"\n'
    project += '[tool.setuptools]\npy-modules = ["tiny_choices"]\n'
    (root / "pyproject.toml").write_text(project + "\n".join(points))
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *offline, "--target", site, root],
        check=True,
        capture_output=True,
    )

    def run(*words):
        path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path, "ADVISOR_HOME": str(site / "home")}
        command = [sys.executable, "-m", "advisor", *words]
        return subprocess.run(
            command, cwd=root.parent, env=environment, capture_output=True, text=True, check=True
        ).stdout

    return site, run


@pytest.mark.parametrize("kind", OFFERS)
def test_what_another_package_offers_is_listed(installed, kind):
    _, run = installed

    assert OFFERS[kind].lower() in {
        row["name"].lower().replace("_", "") for row in json.loads(run("list", kind, "--json"))
    }


def test_what_another_package_offers_is_explained(installed):
    _, run = installed

    assert "arXiv 1802.04434" in run("explain", "signsgd")
    assert "hidden         2 to 64" in run("explain", "tinynet")
    assert "60 rows" in run("explain", "tiny_rows")


@pytest.mark.slow
def test_what_another_package_offers_is_searched_together(installed):
    _, run = installed
    words = (
        "--model",
        "tinynet",
        "--optimizers",
        "SignSGD,AdamW",
        "--budget",
        "8trials",
        "--epochs",
        "3",
        "--json",
    )

    answer = json.loads(run("search", "tiny_rows", *words))
    assert answer["recommendation"]["optimizer"] in {"SignSGD", "AdamW"}


@pytest.fixture
def spare(installed, monkeypatch):
    """Install the package into this process, with an entry point that is no choice; forget it after."""
    site, _ = installed
    points = next(site.glob("*.dist-info")) / "entry_points.txt"
    offered = points.read_text()
    points.write_text("[optimizer_advisor.optimizers]\nSpare = tiny_choices:whole\n")
    monkeypatch.syspath_prepend(site)
    catalogue.choices.cache_clear()
    catalogue.offered_by_packages.cache_clear()
    yield
    points.write_text(offered)
    catalogue.choices.cache_clear()
    catalogue.offered_by_packages.cache_clear()
    sys.modules.pop("tiny_choices", None)


@pytest.mark.usefixtures("spare")
def test_an_entry_point_that_is_no_choice_is_named():
    with pytest.raises(BadValue, match="tiny_choices:whole"):
        catalogue.choices("optimizer")


MODELS = """
import torch
from torch import nn

class Two(nn.Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)

class Fixed(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)

def made(inputs, outputs, hidden=5):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Linear(hidden, outputs))

def frozen():
    return nn.Linear(4, 3).requires_grad_(False)

def broken(inputs, outputs):
    raise ZeroDivisionError("nothing to divide")

def picky():
    return nn.Linear(9, 3)

def scalars():
    return nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))

def words():
    return nn.Sequential(nn.EmbeddingBag(50, 4), nn.Linear(4, 2))
"""


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models.py"
    path.write_text(MODELS)
    return lambda name: find_model(f"{path}:{name}")


@pytest.mark.parametrize("name", ["Two", "Fixed", "made"])
def test_a_model_may_be_a_class_or_a_function_with_or_without_sizes(models, name):
    check_model(models(name), open_dataset("iris"))


def test_a_model_of_your_own_may_take_token_ids(models):
    tokens = np.random.default_rng(0).integers(1, 50, (30, 6))
    check_model(
        models("words"),
        prepare(Raw(inputs=tokens, targets=np.arange(30) % 2, kind="text"), name="notes", seed=0),
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("frozen", "no parameters to train"),
        ("broken", "nothing to divide"),
        ("picky", "fails on inputs"),
        ("scalars", r"must return \(2, 3\)"),
    ],
)
def test_a_model_that_cannot_be_trained_is_refused_before_the_search(models, name, message):
    with pytest.raises(BadWorkload, match=message) as error:
        check_model(models(name), open_dataset("iris"))
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_imported_says_why(tmp_path):
    (tmp_path / "bad.py").write_text("import nothing_of_that_name")

    with pytest.raises(BadWorkload, match="nothing_of_that_name"):
        find_model(f"{tmp_path / 'bad.py'}:Net").build(Inputs(shape=(4,)), 3)


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "models.py"
    path.write_text("VALUE = 1")
    assert load(f"{path}:VALUE") == 1
    path.write_text("VALUE = 22")

    assert load(f"{path}:VALUE") == 22


def test_a_workload_can_be_opened_again_from_its_plain_form(iris):
    again = reopen_workload(iris.spec())

    assert again.spec() == iris.spec()
    assert again.model == iris.model


def test_advisor_is_also_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "--help"], capture_output=True, text=True, check=True
    )

    assert "search" in done.stdout
