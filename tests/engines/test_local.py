"""Local engine: tasks come back from worker processes, and whatever one does harms no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from studies.engines.engine import Task
from studies.engines.local import Local
from studies.engines.payload import write_payload

from waiting import HANG_SECONDS, has_ended, wait_until
from worker_hosts import Faults, Slow


@pytest.fixture
def engine(tmp_path):
    write_payload(tmp_path / "host", Faults())
    engine = Local(tmp_path / "host", 2)
    yield engine
    engine.close()


def ended(engine, *handles):
    """Return the endings of some tasks, in that order."""
    endings = {}
    while left := [handle for handle in handles if handle not in endings]:
        ended_now = engine.wait(left, HANG_SECONDS)
        assert ended_now
        endings |= {ending.handle: ending for ending in ended_now}
    return [endings[handle] for handle in handles]


def run(engine, *work, **limits):
    [ending] = ended(engine, engine.submit(Task(work=work, **limits)))
    return ending


def test_results_come_back_from_workers_that_stay_warm(engine):
    pids = {run(engine, "pid").result for _ in range(3)}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_as_many_tasks_run_at_once_as_there_are_workers(engine, tmp_path):
    left, right = str(tmp_path / "left"), str(tmp_path / "right")
    handles = [engine.submit(Task(work=("meet", *pair))) for pair in ((left, right), (right, left))]
    assert engine.free == 0
    assert [ending.result for ending in ended(engine, *handles)] == [left, right]
    assert engine.free == 2


def test_each_device_has_its_workers_also_after_one_ended(tmp_path):
    write_payload(tmp_path / "host", Faults())
    engine = Local(tmp_path / "host", 2, devices=("cuda:0", "cuda:1"))
    names = [str(tmp_path / "left"), str(tmp_path / "right")]
    ended(engine, *[engine.submit(Task(work=("meet", *pair))) for pair in (names, names[::-1])])
    on_second = next(number for number in (1, 2) if run(engine, "where", worker=number).result == "cuda:1")
    run(engine, "exit", 1, worker=on_second)
    busy = engine.submit(Task(work=("until_stopped",), worker=3 - on_second))
    assert run(engine, "where").result == "cuda:1"
    engine.cancel(busy, grace_seconds=HANG_SECONDS)
    assert ended(engine, busy)[0].result == "stopped"
    engine.close()


@pytest.mark.parametrize(
    ("work", "status"),
    [
        (("exit", 3), 3),
        (("exit", 0), 0),
        (("segfault",), -signal.SIGSEGV),
        (("signal", int(signal.SIGKILL)), -signal.SIGKILL),
        (("signal", int(signal.SIGABRT)), -signal.SIGABRT),
        (("signal", int(signal.SIGUSR1)), -signal.SIGUSR1),
    ],
)
def test_a_worker_that_ends_is_told_by_its_status_and_replaced(engine, work, status):
    neighbour = engine.submit(Task(work=("until_stopped",)))
    ending = run(engine, *work)
    assert (ending.result, ending.cause, ending.status) == (None, "process", status)
    assert not engine.holds(ending.worker)
    assert run(engine, "echo", "again").result == "again"
    engine.cancel(neighbour, grace_seconds=HANG_SECONDS)
    assert ended(engine, neighbour)[0].result == "stopped"


def test_a_worker_that_closed_its_connection_is_told_as_such_and_replaced(engine):
    ending = run(engine, "close_everything")
    assert ending.error == "it closed the connection to the search"
    assert not engine.holds(ending.worker)


def test_a_worker_with_many_threads_left_behind_is_replaced(engine):
    workers = [run(engine, "leave_thread") for _ in range(9)]
    assert {ending.result for ending in workers} == {"left"}
    assert len({ending.worker for ending in workers}) > 1


@pytest.mark.parametrize("work", [("sys_exit", 3), ("base_exception", "gone"), ("interrupt", "gone")])
def test_what_a_host_raises_ends_the_task_and_not_the_worker(engine, work):
    before = run(engine, "pid").result
    ending = run(engine, *work)
    assert ending.cause is None
    assert ending.error
    assert run(engine, "pid").result == before


def test_the_epoch_in_which_a_worker_ended_is_known(engine):
    assert run(engine, "signal", int(signal.SIGKILL)).progress == 2


@pytest.mark.parametrize("work", [("hang",), ("spin",)])
def test_a_task_that_hangs_is_ended_at_its_deadline(engine, work):
    ending = run(engine, *work, deadline_seconds=0.2)
    assert ending.cause == "deadline"
    assert run(engine, "echo", 1).result == 1


def test_the_time_of_a_task_counts_from_when_its_worker_has_loaded(tmp_path):
    write_payload(tmp_path / "host", Slow())
    engine = Local(tmp_path / "host", 1)
    assert run(engine, "until_stopped", stop_after_seconds=0.1, deadline_seconds=2.9).result == "stopped"
    engine.close()


def test_a_task_that_takes_too_much_memory_is_ended_with_its_peak(engine):
    ending = run(engine, "fill", 800 * 2**20, most_bytes=500 * 2**20)
    assert ending.cause == "memory"
    assert ending.peak_bytes > 500 * 2**20
    assert run(engine, "echo", 1).result == 1


def test_a_worker_that_its_tasks_left_heavy_is_replaced_before_the_next_one(engine):
    most = 600 * 2**20
    workers = [run(engine, "leak", 2**28, most_bytes=most).worker for _ in range(6)]
    assert len(set(workers)) > 1
    assert run(engine, "pid", most_bytes=most).cause is None


def test_what_a_task_sets_for_its_process_is_put_back(engine):
    before = run(engine, "settings")
    assert run(engine, "change_settings").cause is None
    after = run(engine, "settings")
    assert after.worker == before.worker
    assert after.result == before.result
    assert run(engine, "say", "here\n", 1).output == "here\nthe end"


def test_a_fork_server_that_ends_at_any_moment_costs_no_task(engine):
    from studies.engines import local

    for _ in range(3):
        local.fork_server(())._process.kill()
        assert run(engine, "exit", 0).cause == "process"
        assert run(engine, "echo", 3).result == 3


def test_the_last_of_what_a_task_prints_comes_with_its_ending_and_goes_nowhere_else(engine, capfd):
    ending = run(engine, "say", "x" * 1000 + "\n", 5000)
    assert ending.output.endswith("the end")
    assert 60_000 < len(ending.output) <= 65_536
    assert run(engine, "echo", 1).output == ""
    assert capfd.readouterr() == ("", "")


def test_a_task_that_forks_returns_once(engine):
    assert run(engine, "fork").result == "parent"
    assert run(engine, "echo", 1).result == 1


def test_what_a_worker_started_ends_with_it(engine, tmp_path):
    run(engine, "child", str(tmp_path / "pid"))
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: has_ended(child), "it ends")


def test_a_worker_whose_child_lives_on_has_ended_all_the_same(engine):
    ending = run(engine, "leave_child")
    assert (ending.cause, ending.status) == ("process", 3)
    assert run(engine, "echo", 1).result == 1


def test_a_task_is_asked_to_stop_and_may_still_answer(engine):
    handle = engine.submit(Task(work=("until_stopped",)))
    engine.cancel(handle, grace_seconds=HANG_SECONDS)
    assert ended(engine, handle)[0].result == "stopped"
    assert run(engine, "until_stopped", stop_after_seconds=0.05).result == "stopped"


def test_a_task_that_does_not_stop_when_asked_is_ended(engine):
    handle = engine.submit(Task(work=("hang",)))
    engine.cancel(handle, grace_seconds=0.2)
    assert ended(engine, handle)[0].cause == "cancelled"


def test_a_task_that_has_not_begun_is_taken_back(engine):
    busy = [engine.submit(Task(work=("until_stopped",))) for _ in range(2)]
    waiting = engine.submit(Task(work=("echo", 1)))
    engine.cancel(waiting)
    assert ended(engine, waiting)[0].cause == "cancelled"
    for handle in busy:
        engine.cancel(handle, grace_seconds=HANG_SECONDS)
    assert [ending.result for ending in ended(engine, *busy)] == ["stopped", "stopped"]


def test_a_task_bound_to_a_worker_waits_for_it_and_ends_with_it(engine):
    first = run(engine, "pid")
    handle = engine.submit(Task(work=("until_stopped",), worker=first.worker))
    bound = engine.submit(Task(work=("pid",), worker=first.worker))
    engine.cancel(handle, grace_seconds=HANG_SECONDS)
    assert ended(engine, bound)[0].result == first.result
    run(engine, "exit", 1, worker=first.worker)
    lost = run(engine, "pid", worker=first.worker)
    assert (lost.worker, lost.cause) == (-1, "process")


CRASHING = """
import os, sys, time
from pathlib import Path
from studies.engines.engine import Task
from studies.engines.local import Local
engine = Local(Path(sys.argv[1]), 1)
[ending] = engine.wait([engine.submit(Task(work=("pid",)))], 300)
engine.submit(Task(work=("spin",)))
print(ending.result, flush=True)
time.sleep(600)
"""


def test_workers_end_with_a_coordinator_that_is_killed(tmp_path):
    write_payload(tmp_path / "host", Faults())
    command = [sys.executable, "-c", CRASHING, str(tmp_path / "host")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as coordinator:
        worker = int(coordinator.stdout.readline())
        coordinator.kill()
    wait_until(lambda: has_ended(worker), "it ends")


def test_a_fork_server_that_is_killed_is_replaced(engine):
    from studies.engines import local

    run(engine, "echo", 1)
    local.fork_server(()).close()
    assert run(engine, "exit", 5).cause == "process"
    assert run(engine, "echo", 2).result == 2
