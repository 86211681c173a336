"""Fixtures of all tests: a home of the test's own, a workload that trains in milliseconds, the commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from waiting import HANG_SECONDS

# nets this small run no faster on more threads, and far slower on a busy machine
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ADVISOR_WORKERS", "0")  # tests of engines ask for workers

# a shell has what it starts in the background ignore Ctrl-C, which tests press
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(autouse=True)
def _own_default_dtype():
    """Give back torch's default dtype, which some models that are tried here change."""
    torch = sys.modules.get("torch")
    before = torch.get_default_dtype() if torch else None
    yield
    if torch := sys.modules.get("torch"):
        torch.set_default_dtype(before or torch.float32)


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def iris():
    """120 rows, 4 columns, 3 classes: an epoch takes a millisecond."""
    from studies.workload_opening import open_source

    return open_source("iris", model="mlp")


@pytest.fixture
def inside(tmp_path, monkeypatch, capsys):
    """Run the command line in this process, in an empty directory: seconds faster than another one."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        from advisor.cli.app import main

        monkeypatch.setenv("ADVISOR_TRACEBACK", "1")
        monkeypatch.setattr(sys, "argv", ["advisor", *words])
        status = 0
        try:
            main()
        except SystemExit as error:
            status = int(error.code or 0)
        stdout, stderr = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, stdout, stderr)

    return run


@pytest.fixture
def advisor(tmp_path):
    """Run the command line as a user does: another process, in an empty directory."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error::DeprecationWarning:advisor", "-m", "advisor", *words]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            cwd=tmp_path,
            env={**os.environ, **environment},
            check=False,
        )

    return run
