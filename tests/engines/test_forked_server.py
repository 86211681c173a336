"""Fork server of a command: a fork of it, which ends with it and is replaced as any other."""

from __future__ import annotations

import json
import subprocess
import sys

from studies.command import command_alone, may_be_forked
from studies.engines.payload import write_payload

from waiting import has_ended, wait_until
from worker_hosts import Faults

COMMAND = """
import json, os, sys
from pathlib import Path
from studies.command import command_alone, may_be_forked
from studies.engines import local
from studies.engines.engine import Task

def run(engine, *work):
    [ending] = engine.wait([engine.submit(Task(work=work))], 300)
    return ending.result

held = open(sys.argv[2], "w")
allowed = [may_be_forked()]
with command_alone():
    allowed.append(may_be_forked())
    server = local.fork_server((), here=may_be_forked())
    allowed.append(may_be_forked())
engine = local.Local(Path(sys.argv[1]), 1)
first, parent, files = run(engine, "echo", 1), run(engine, "parent"), run(engine, "files")
server._process.kill()
server._process.wait()
second, fresh = run(engine, "exit", 0), run(engine, "parent")
print(json.dumps({
    "allowed": allowed, "first": first, "forked": parent == server._process.pid, "files": files,
    "alive": server.alive, "third": run(engine, "echo", 3), "fresh": fresh != parent,
    "worker": run(engine, "pid"), "compiler": "torch._dynamo.eval_frame" in sys.modules,
}), flush=True)
os._exit(0)
"""


def test_a_command_of_ours_is_forked_once_and_its_workers_end_with_it(tmp_path):
    write_payload(tmp_path / "host", Faults())
    file = tmp_path / "held"
    words = [sys.executable, "-c", COMMAND, str(tmp_path / "host"), str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["allowed"] == [False, True, False]
    assert report["forked"]
    assert (report["first"], report["third"]) == (1, 3)
    assert str(file) not in report["files"]
    assert (report["alive"], report["fresh"]) == (False, True)
    assert not report["compiler"]
    wait_until(lambda: has_ended(report["worker"]), "it ends")


def test_a_process_that_has_imported_torch_or_runs_no_command_is_not_forked():
    import torch  # noqa: F401

    with command_alone():
        assert not may_be_forked()
    assert not may_be_forked()
