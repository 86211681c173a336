"""Every example runs as its first lines say, on a small budget."""

import subprocess
import sys
from pathlib import Path

import pytest

from waiting import HANG_SECONDS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_to_its_recommendation(path, tmp_path):
    command = [sys.executable, path, "3trials"]
    ended = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=HANG_SECONDS
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Use ")
    assert "Recipe" in ended.stdout
