"""Bytes of a process: its own and its children's pages, without files mapped and without what it shares."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from studies.machine.processes import process_bytes

MIB = 2**20
WAITING = "print('ready', flush=True); input()"
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and looks into /proc")


@pytest.fixture
def running():
    """Start Python on some code that prints `ready` and waits; it is ended afterwards."""
    processes = []

    def start(code: str) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process.pid

    yield start
    for process in processes:
        process.communicate("\n")


def test_what_a_process_fills_counts(running):
    plain, filled = running(WAITING), running(f"block = b'x' * {64 * MIB}; {WAITING}")

    assert process_bytes(filled) - process_bytes(plain) == pytest.approx(64 * MIB, rel=0.1)


@linux_only
def test_what_its_children_fill_counts_too(running):
    child = f"block = b'x' * {64 * MIB}; print('ready', flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    assert process_bytes(running(code)) > 64 * MIB


@linux_only
def test_pages_shared_with_a_forked_child_count_once_in_all(running):
    forking = "child = os.fork(); child and print('ready', flush=True); input()"
    code = f"import os; block = b'x' * {64 * MIB}; {forking}"

    assert 64 * MIB < process_bytes(running(code)) < 100 * MIB


@linux_only
def test_the_data_of_a_mapped_file_does_not_count(running, tmp_path):
    path = tmp_path / "data.npy"
    path.write_bytes(b"x" * 64 * MIB)
    code = (
        f"import mmap; file = open({str(path)!r}, 'rb'); "
        f"data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ); sum(data[::4096]); {WAITING}"
    )
    pid = running(code)

    assert process_bytes(pid) < 32 * MIB
    assert process_bytes(pid, exactly_above=2**60) < 32 * MIB


@linux_only
def test_the_quick_bound_is_no_less_than_the_exact_figure(running):
    pid = running(f"block = b'x' * {16 * MIB}; {WAITING}")

    exact = process_bytes(pid)

    assert process_bytes(pid, exactly_above=2**60) >= exact
    assert process_bytes(pid, exactly_above=exact // 2) == pytest.approx(exact, rel=0.01)


def test_a_process_that_has_ended_takes_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert process_bytes(process.pid) == 0
    assert process_bytes(os.getpid()) > MIB
