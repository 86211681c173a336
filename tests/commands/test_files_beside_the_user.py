"""Files beside the user, called like modules that we import: none of our processes takes them for those."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec

import pytest

from advisor.agents import launch_process
from advisor.agents.tools import _answer
from studies.child_process import command_of
from studies.imports import load
from studies.storage.home import study_names

from waiting import HANG_SECONDS, wait_until

TAKEN = "import pathlib; pathlib.Path({place!r}).touch()\n"
NET = """
from torch import nn


class Net(nn.Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
"""
NAMES = sorted({*sys.stdlib_module_names, *packages_distributions(), "advisor", "studies", "dashboard"})


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A working directory with a file for every name that Python or a package has; each leaves a mark.

    Names that only another system has (`winreg`) mean the user's file once they named a module of theirs.
    """
    place, marks = tmp_path / "work", tmp_path / "marks"
    place.mkdir()
    marks.mkdir()
    for name in filter(str.isidentifier, NAMES):
        (place / f"{name}.py").write_text(TAKEN.format(place=str(marks / name)))
    monkeypatch.chdir(place)
    yield place
    assert [mark.name for mark in marks.iterdir() if find_spec(mark.name)] == []


def run(*words):
    done = subprocess.run(
        command_of("advisor", *words), capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_search_its_mirror_and_its_figures_import_none_of_them_but_the_users_own_model(beside, home):
    (beside / "my_nets.py").write_text(NET)
    options = ["--budget=2trials", "--epochs=1", "--optimizers=SGD", "--study=s"]

    said = run("search", "iris", "--model=my_nets:Net", *options).stderr
    run("resume", "s", "--budget=3trials")

    assert "MLflow" not in said  # it would say what is missing
    assert (home / "figures" / "s.html").is_file()


def test_what_a_page_or_an_agent_starts_imports_none_of_them(beside, home):
    launch_process.start(home, "s", ["search", "iris", "--budget=1trial", "--epochs=1", "--study=s"])
    wait_until(lambda: not launch_process.running(home, "s"), "the search ended")

    assert launch_process.failure(home, "s") == ""
    assert study_names(home) == ("s",)
    assert _answer(["list", f"--home={home}", "--", "rules"])


def test_python_dash_m_imports_none_of_them_once_it_has_begun(beside):
    for name in sys.stdlib_module_names:  # what Python itself imports first, it takes from there
        (beside / f"{name}.py").unlink(missing_ok=True)
    for ours in ("advisor", "studies", "dashboard"):
        (beside / f"{ours}.py").unlink()

    command = [sys.executable, "-m", "advisor", "list", "models"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)

    assert done.returncode == 0, done.stderr


def test_a_users_module_is_found_and_what_lies_beside_it_is_never_pythons(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_checks.py").write_text("import tabnanny\nWHERE = tabnanny.__file__\nclass Net: ...\n")
    (tmp_path / "tabnanny.py").write_text("Net = None\n")
    monkeypatch.delitem(sys.modules, "tabnanny", raising=False)

    load("my_checks:Net")

    assert sys.modules["tabnanny"].__file__.startswith(os.path.dirname(os.__file__))  # noqa: PTH120
    del sys.modules["my_checks"]
