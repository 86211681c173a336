"""The doctor tells what is there, what is missing with its install line, and what is broken."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from advisor.environment import diagnosis
from advisor.environment.diagnosis import diagnose
from studies.machine.cores import usable_cores


def by_name(home):
    return {fact.name: fact for fact in diagnose(home).facts}


def test_the_command_prints_its_findings_as_text_and_as_json(tmp_path):
    words = [sys.executable, "-m", "advisor", "doctor", "--home", str(tmp_path)]
    text = subprocess.run(words, capture_output=True, text=True, check=True)
    plain = json.loads(subprocess.run([*words, "--json"], capture_output=True, text=True, check=True).stdout)

    assert plain["ok"]
    assert [line.split()[0] for line in text.stdout.splitlines()] == [
        each["state"] for each in plain["facts"]
    ]
    assert list(tmp_path.iterdir()) == []


def test_what_is_optional_and_missing_has_its_install_line(tmp_path, monkeypatch):
    monkeypatch.setattr(diagnosis, "find_spec", lambda module: None)

    facts = by_name(tmp_path)

    for extra in diagnosis.EXTRAS:
        assert facts[f"[{extra}]"].state == "note"
        assert facts[f"[{extra}]"].do == f"pip install 'optimizer-advisor[{extra}]'"


def test_every_extra_of_users_is_looked_for():
    file = Path(__file__).parents[2] / "pyproject.toml"
    declared = set(tomllib.loads(file.read_text())["project"]["optional-dependencies"])
    assert set(diagnosis.EXTRAS) == declared - {"dev", "docs"}  # for whoever works on this


@pytest.mark.parametrize(
    ("installed", "state"), [("1.0.0", "broken"), ("2.13.0+cpu", "ok"), ("3.0", "broken")]
)
def test_a_version_outside_of_the_tested_ones_is_broken(tmp_path, monkeypatch, installed, state):
    real = diagnosis.version
    monkeypatch.setattr(diagnosis, "version", lambda name: installed if name == "torch" else real(name))

    fact = by_name(tmp_path)["torch"]

    assert fact.state == state
    assert ("pip install 'torch" in fact.do) == (state == "broken")


def test_an_address_of_mlflow_shows_no_password(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hidden@127.0.0.1:1")
    assert "hidden" not in str(diagnose(tmp_path))


def test_cores_memory_and_workers_are_those_that_a_search_would_use(tmp_path):
    facts = by_name(tmp_path)

    assert facts["cores"].says == f"{usable_cores()} of {os.cpu_count()} may be used"
    assert re.fullmatch(r"[\d.]+ [KMG]iB of [\d.]+ [KMG]iB may be used now", facts["memory"].says)
    assert re.match(r"a search of a small model takes \d+ workers?: .*would bear \d+$", facts["workers"].says)
