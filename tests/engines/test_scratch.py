"""Scratch folders: gone after use, also those of a search that was killed, and no other's."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from advisor.jobs.scratch import scratch_folder, sweep

KILLED = """
import os, signal
from advisor.jobs.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "host").write_bytes(b"data")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_is_deleted_after_use_and_left_alone_before(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        sweep(tmp_path)
        assert folder.exists()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_search_left_is_swept_away_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = {"TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False, stdout=subprocess.PIPE)
    assert list(tmp_path.glob("advisor-*/host"))
    with scratch_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
