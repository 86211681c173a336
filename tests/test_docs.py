"""Documentation that cannot lie: blocks run, tables are the code's, names exist."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from studies import catalogue

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
SERVERS = ("advisor dashboard", "mlflow ui")


def environment(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "ADVISOR_HOME": str(tmp_path / ".advisor")}


def shell(script, tmp_path, timeout=200):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip


def quick(block):
    """Return a block with budgets a test can wait for, and the lines that only a reader's machine has."""
    block = re.sub(r"\b[236]0s\b", lambda found: {"20s": "6s", "30s": "8s", "60s": "24s"}[found[0]], block)
    return block.replace("40trials", "12trials").replace(". .venv/bin/activate\n", "")


COMMANDS = [
    block for block in SHELL if "advisor " in block and not any(server in block for server in SERVERS)
]


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block[:20])
def test_the_shell_blocks_of_the_readme_run(block, tmp_path):
    done = shell(quick(block), tmp_path)

    assert done.returncode == 0, done.stderr


def test_the_make_targets_of_the_readme_exist():
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_python_block_of_the_readme_runs(tmp_path):
    block = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\w+ (decided|leaning|open) [\d.e-]+\n", done.stdout)


def serves(command, tmp_path, url, seconds):
    """Start a server, wait until it answers, stop it with all its children."""
    with subprocess.Popen(
        ["bash", "-c", command], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310
                        return page.status == 200
                except OSError:
                    time.sleep(0.3)
            return False
        finally:
            os.killpg(process.pid, 9)
            process.stdout.close()


def test_the_dashboard_command_serves_a_page(tmp_path):
    assert serves("advisor dashboard --port 18501", tmp_path, "http://127.0.0.1:18501", 60)


@pytest.mark.slow
def test_the_mlflow_command_of_the_readme_serves_the_mirror(tmp_path):
    assert shell("advisor search iris --budget 9trials --epochs 3", tmp_path).returncode == 0
    command = re.search(r"^mlflow ui [^#\n]+", README, flags=re.MULTILINE)[0].strip() + " --port 15000"

    assert serves(command, tmp_path, "http://127.0.0.1:15000", 180)


def test_the_generated_parts_of_the_readme_are_what_the_code_says():
    spec = importlib.util.spec_from_file_location("write", ROOT / "docs" / "write.py")
    write = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(write)

    assert write.written(README) == README, "run: make docs"
    for name in write.PARTS:
        assert README.count(f"<!-- {name} -->") == README.count(f"<!-- /{name} -->") == 1, name


@pytest.mark.parametrize("axis", ["optimizer", "schedule", "regularizers", "wrappers", "model", "dataset"])
def test_every_choice_stands_in_a_table_of_the_readme(axis):
    rows = set(re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE))

    assert set(catalogue.choices(axis)) - {"table"} <= rows


def test_every_option_in_the_readme_is_an_option_of_its_command():
    for command, rest in re.findall(r"^advisor (\w+)(.*)$", "\n".join(SHELL), flags=re.MULTILINE):
        words = [sys.executable, "-m", "advisor", command, "--help"]
        known = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for option in re.findall(r"(--[a-z-]+)", rest.split("#")[0]):
            assert option in known, f"{command} {option}"


def test_links_between_documents_lead_somewhere():
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / document).read_text()):
            assert (ROOT / target).exists(), f"{document}: {target}"
