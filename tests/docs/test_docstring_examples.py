"""Examples in docstrings run, and print what they say."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    path
    for package in ("advisor", "studies", "dashboard")
    for path in sorted((ROOT / package).rglob("*.py"))
    if re.search(r"^\s+>>> (?!.*\+SKIP)", path.read_text(), re.MULTILINE)
]
SEARCHING = tuple(
    f"advisor/{name}" for name in ("answers", "callbacks", "lightning", "searching", "sklearn", "study")
)
"""Files whose examples search or train for seconds."""


def _case(path):
    name = str(path.relative_to(ROOT).with_suffix(""))
    return pytest.param(name, marks=pytest.mark.slow if name.startswith(SEARCHING) else (), id=name)


@pytest.mark.parametrize("name", [*map(_case, FILES)])
def test_the_examples_of_a_file_do_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name.replace("/", ".").removesuffix(".__init__"))
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed
