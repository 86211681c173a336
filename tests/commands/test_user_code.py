"""The user's own code that fails before the first trial: their file and line, the message, exit status 2."""

from __future__ import annotations

import json

import pytest

from studies.user_code import code_line, is_of_user_code

DATA = """
import numpy as np
import torch
import advisor

rows = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
labels = (rows[:, 0] > 0).astype("int64")
pair = (rows, labels)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, rows):
        return self.layer(rows)
"""
MODEL = DATA + "\nworkload = advisor.Workload(train=pair, model=Net)\n"


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


BROKEN = {
    "import": (DATA + "\nworkload = advisor.Workload(train=nowhere)  # HERE\n", "NameError: name 'nowhere'"),
    "syntax": (DATA + "\nworkload = = 3  # HERE\n", "SyntaxError: "),
    "exit": (DATA + "\nraise SystemExit(3)  # HERE\n", "SystemExit: 3"),
    "factory": (
        DATA
        + "\ndef net():\n    return Net().cut  # HERE\n\n"
        + "workload = advisor.Workload(train=pair, model=net)\n",
        "AttributeError: 'Net' object has no attribute 'cut'",
    ),
    "forward": (
        MODEL.replace("self.layer(rows)", "self.layer(rows[:, :2])  # HERE"),
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied",
    ),
    "metric": (
        DATA
        + "\ndef hits(outputs, targets):\n    return outputs['hits']  # HERE\n\n"
        + "workload = advisor.Workload(train=pair, model=Net, metric=hits, direction='maximize')\n",
        "IndexError: ",
    ),
    "dataset": (
        DATA
        + "\nclass Rows(torch.utils.data.Dataset):\n    def __len__(self):\n        return 60\n\n"
        + "    def __getitem__(self, row):\n        return {}[row]  # HERE\n\n"
        + "workload = advisor.Workload(train=Rows(), model=Net)\n",
        "KeyError: 0",
    ),
}


@pytest.mark.parametrize("part", BROKEN)
def test_what_fails_in_a_file_of_the_users_is_told_with_its_line(part, inside, tmp_path):
    text, message = BROKEN[part]
    (tmp_path / "work.py").write_text(text)

    ended = inside("search", "work.py:workload", "--budget", "2trials", "--tracking-uri", "off")

    assert ended.returncode == 2
    reading, refusal = ended.stderr.splitlines()
    assert reading.startswith("reading ")
    assert f"work.py, line {line_of(text, 'HERE')}: {message}" in refusal
    assert not (tmp_path / "home" / "studies").exists() or not any((tmp_path / "home" / "studies").iterdir())


def test_an_error_of_the_users_that_nobody_expected_ends_with_2(inside, tmp_path, monkeypatch):
    (tmp_path / "work.py").write_text(
        "class Odd:\n    def __call__(self, *_):\n        pass\n\n"
        "    @property\n    def space(self):\n        raise RuntimeError('no space')\n\nfit = Odd()\n"
    )
    monkeypatch.setenv("ADVISOR_TRACEBACK", "")
    monkeypatch.setattr(monkeypatch, "setenv", lambda *_: None)  # which `inside` would set it by

    ended = inside("search", "work.py:fit", "--epochs", "1", "--tracking-uri", "off")

    assert ended.returncode == 2
    assert "your own code fails: work.py, line 7: RuntimeError: no space" in ended.stderr


def caught(action) -> Exception:
    try:
        action()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError


def test_an_error_of_the_users_is_told_apart_from_one_of_ours():
    from studies.limits import Budget

    theirs = caught(lambda: {}["key"])
    ours_below_theirs = caught(lambda: Budget.parse("nonsense"))

    assert is_of_user_code(theirs)
    assert not is_of_user_code(ours_below_theirs)
    assert "test_user_code.py, line" in code_line(theirs)


def test_an_error_without_a_frame_of_the_users_has_no_place():
    assert code_line(ValueError("two\nlines")) == "ValueError: two lines"


def test_a_library_that_fails_names_the_line_that_called_it():
    error = caught(lambda: json.loads("{"))

    assert "test_user_code.py, line" in code_line(error)
    assert "JSONDecodeError" in code_line(error)
