"""What only POSIX systems have is imported by nobody at once: on Windows the same modules are there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.agents import launch_process
from studies.errors import StoreError

POSIX = ("fcntl", "resource", "termios", "pwd", "grp", "pty")
HERE = Path(__file__).parents[2]
FILES = [
    path for package in ("advisor", "studies", "dashboard") for path in sorted((HERE / package).rglob("*.py"))
]
MODULES = (
    "studies.storage.journal",
    "studies.tracking.process",
    "advisor.cli.app",
    "advisor.jobs.session",
    "advisor.agents.launch_process",
)


def _imported_at_once(path):
    for node in ast.walk(ast.Module(body=ast.parse(path.read_text()).body, type_ignores=[])):
        if isinstance(node, ast.Import) and node.col_offset == 0:
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.col_offset == 0:
            yield (node.module or "").partition(".")[0]


def test_no_file_imports_what_is_not_everywhere():
    assert not {str(path): names for path in FILES if (names := set(_imported_at_once(path)) & set(POSIX))}


def test_without_them_the_packages_are_imported_and_a_journal_is_written(tmp_path):
    lines = [
        "import pathlib, sys, warnings",
        # of the lock library, which then falls back to a file that is there or not
        "warnings.simplefilter('ignore')",
        f"sys.modules.update(dict.fromkeys({POSIX!r}))",
        *(f"import {name}" for name in MODULES),
        "from studies.storage import journal",
        "from studies.storage.manifest import StudyManifest",
        f"home = pathlib.Path({str(tmp_path)!r})",
        "study = journal.create_study(home, 's', direction='maximize', manifest=StudyManifest())",
        "study.tell(study.ask(), 1.0)",
        "print(len(study.trials))",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], check=False, capture_output=True, text=True, cwd=HERE
    )
    assert done.stdout == "1\n", done.stderr


def test_where_a_lock_cannot_be_handed_on_a_page_names_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(launch_process, "LOCKS_PASS_ON", False)
    with pytest.raises(StoreError, match="type it: advisor search digits"):
        launch_process.start(tmp_path, "s", ["search", "digits"])
