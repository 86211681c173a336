"""What a user adds of their own: a choice by the recipe in CONTRIBUTING, a package with an entry point, models of any form."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from studies import catalogue
from studies.choice import sections
from studies.data import open_dataset
from studies.errors import BadValue, BadWorkload
from studies.imports import load
from studies.inputs import Inputs
from studies.measure import state_bytes
from studies.recipe import Recipe
from studies.routing import route
from studies.train import Training
from studies.workload import Workload, check_model, find_model

ROOT = Path(__file__).parent.parent


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
    assert state_bytes(optimizer) == sum(signsgd().state_bytes(tuple(p.shape), role) for _, p, role in route(model).roles)
    assert set(sections(signsgd)) == {"Helps", "Hurts", "Source"}
    run = Training(Recipe(optimizer=signsgd(), model=iris.model, epochs=9), iris, seed=0)
    run.advance(9)
    assert run.quality > 0.6


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a tiny package with an entry point, as pip lays it out, and forget it afterwards."""
    site = tmp_path / "site"
    info = site / "tiny_optimizers-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "tiny_optimizers.py").write_text(contributed() + "\nSPARE = 3\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-optimizers\nVersion: 1.0\n")

    def offer(target):
        (info / "entry_points.txt").write_text(f"[optimizer_advisor.optimizers]\nSignSGD = tiny_optimizers:{target}\n")

    offer("SignSGD")
    monkeypatch.syspath_prepend(site)
    catalogue.choices.cache_clear()
    yield offer
    catalogue.choices.cache_clear()
    sys.modules.pop("tiny_optimizers", None)


def test_an_optimizer_of_another_package_is_found_listed_and_explained(installed, inside):
    assert "SignSGD" in catalogue.choices("optimizer")
    assert "SignSGD" in inside("list", "optimizers").stdout
    assert "arXiv 1802.04434" in inside("explain", "signsgd").stdout


def test_an_entry_point_that_is_no_choice_is_named(installed):
    installed("SPARE")

    with pytest.raises(BadValue, match="tiny_optimizers:SPARE"):
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
"""


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models.py"
    path.write_text(MODELS)
    return lambda name: find_model(f"{path}:{name}")


@pytest.mark.parametrize("name", ["Two", "Fixed", "made"])
def test_a_model_may_be_a_class_or_a_function_with_or_without_sizes(models, name):
    check_model(models(name), open_dataset("iris"))


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
    again = Workload.from_spec(iris.spec())

    assert again.spec() == iris.spec()
    assert again.model == iris.model


def test_advisor_is_also_a_module():
    done = subprocess.run([sys.executable, "-m", "advisor", "--help"], capture_output=True, text=True, check=True)

    assert "search" in done.stdout
