"""Signals that end a process: what a search answers after each, and that a second one ends it at once."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from advisor.cli.stops import STATUS_OF
from studies.storage import journal
from studies.tracking.sink import sync

from waiting import HANG_SECONDS, wait_until

ADVISOR = [sys.executable, "-m", "advisor"]
SEARCH = ("search", "iris", "--budget", "2h", "--exhaust", "--optimizers", "AdamW,SGD", "--epochs", "3")
STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
HANGING = "import hashlib, pathlib, time\ndef hang():\n    pathlib.Path('hanging').touch()\n"
IN_PYTHON = HANGING + "    while True: time.sleep(0.01)\n"
IN_C = HANGING + "    hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)\n"
FIT = "def fit(recipe, report, seed): hang()\n"


def started(folder, *words, command=ADVISOR, **options):
    return subprocess.Popen(
        [*command, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **{"preexec_fn": _take_signals} | options,
    )


def _take_signals():
    """Take the signals that whoever runs the tests ignores, as nohup does and a shell's background."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)


def ended(process):
    stdout, stderr = process.communicate(timeout=HANG_SECONDS)
    assert "Traceback" not in stderr
    return process.returncode, stdout, stderr.splitlines()


def wait_while_running(process, holds, what):
    """Wait until something holds of a process that still runs then."""
    wait_until(lambda: process.poll() is not None or holds(), what)
    assert process.poll() is None, process.communicate()


def wait_for_trials(process, home, count=6):
    file = home / "studies" / "iris-1.journal"
    wait_while_running(process, lambda: file.read_text().count('"complete"') > count, "trials end")


@pytest.fixture
def hanging(tmp_path):
    """Write a module that hangs when it is read, or when it trains; return how a search with it starts."""

    def start(code):
        (tmp_path / "own.py").write_text(code)
        process = started(tmp_path, "search", "own.py:fit", "--budget", "3trials", "--tracking-uri", "off")
        wait_while_running(process, (tmp_path / "hanging").exists, "it hangs")
        return process

    return start


@pytest.mark.parametrize("wait_seconds", [0.0, 0.05, 0.2])
def test_ctrl_c_in_the_first_imports_shows_no_traceback(tmp_path, wait_seconds):
    """It ends the process as the system does, or as any command once that takes it."""
    begin = "import advisor_command; print('begun', flush=True); advisor_command.main()"
    process = started(tmp_path, "list", "optimizers", command=[sys.executable, "-c", begin])
    assert process.stdout.readline() == "begun\n"
    time.sleep(wait_seconds)
    process.send_signal(signal.SIGINT)
    status, _, lines = ended(process)
    assert status in {-signal.SIGINT, 130, 0}  # it may have been done before
    assert lines in ([], ["advisor: interrupted"])


def test_ctrl_c_ends_the_page_without_a_word(tmp_path):
    process = started(tmp_path, "dashboard", "--port", "0")
    address = process.stderr.readline().split("the page: ")[1].split()[0]
    wait_until(lambda: _listens(int(address.rpartition(":")[2])), "the page listens")
    process.send_signal(signal.SIGINT)
    status, _, lines = ended(process)
    assert (status, [line for line in lines if line]) == (0, [])


def _listens(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.mark.parametrize("number", STOPPING)
def test_each_signal_stops_a_search_with_its_answer_its_status_and_a_way_to_go_on(tmp_path, home, number):
    process = started(tmp_path, *SEARCH, "--tracking-uri", "off")
    wait_for_trials(process, home)
    process.send_signal(number)
    status, stdout, said = ended(process)

    assert status == 128 + number == STATUS_OF[number]
    assert "AdamW" in stdout
    assert said[-1] == "advisor: interrupted; everything finished is kept, go on with: advisor resume iris-1"
    assert journal.manifest_of(journal.open_study(home, "iris-1")).recommendation is not None


def test_after_a_signal_the_mirror_is_whole_or_sync_is_named_and_makes_it_whole(tmp_path, home):
    process = started(tmp_path, *SEARCH)
    wait_for_trials(process, home)
    process.send_signal(signal.SIGTERM)
    status, _, said = ended(process)

    assert status == 128 + signal.SIGTERM
    whole = not any("complete it with: advisor sync iris-1" in line for line in said)
    assert not whole or sync(home, "iris-1") == 0


@pytest.mark.parametrize("number", STOPPING)
@pytest.mark.parametrize("hangs", ["hang()\n", FIT], ids=["read", "profiled"])
def test_a_signal_before_there_is_a_study_ends_with_one_line(hanging, hangs, number):
    process = hanging(IN_PYTHON + hangs)
    process.send_signal(number)
    status, stdout, said = ended(process)

    assert (status, stdout, said[-1]) == (128 + number, "", "advisor: interrupted")


def test_a_second_signal_ends_a_process_that_hangs_in_c(hanging):
    process = hanging(IN_C + "hang()\n")
    wait_until(lambda: process.poll() is not None or process.send_signal(signal.SIGTERM), "it ends")
    status, stdout, said = ended(process)

    assert (status, stdout, said[-1]) == (128 + signal.SIGTERM, "", "advisor: stopped at once")


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_to_every_process_of_a_job_fails_no_trial(tmp_path, home, number):
    process = started(tmp_path, *SEARCH, "--tracking-uri", "off", "--workers", "2")
    wait_for_trials(process, home)
    for member in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
        member.send_signal(number)
    status, stdout, _ = ended(process)

    assert status == 128 + number
    assert "AdamW" in stdout
    records = journal.records(journal.open_study(home, "iris-1"))
    assert not [record.error for record in records if record.state == "failed"]


def test_a_signal_ends_a_search_whose_trials_hang(tmp_path, home):
    (tmp_path / "own.py").write_text(
        "import pathlib, time\n"
        "from training_functions import descend\n"
        "def fit(recipe, report, seed):\n"
        "    calls = pathlib.Path('calls'); calls.touch()\n"
        "    calls.write_text(calls.read_text() + 'x')\n"
        "    while len(calls.read_text()) > 6: time.sleep(0.01)\n"
        "    return descend(recipe, report, seed)\n"
    )
    words = (
        "search",
        "own.py:fit",
        "--budget",
        "2h",
        "--exhaust",
        "--epochs",
        "2",
        "--optimizers",
        "AdamW,SGD",
    )
    beside = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = started(tmp_path, *words, "--tracking-uri", "off", "--workers", "1", env=beside)
    calls = tmp_path / "calls"
    wait_while_running(process, lambda: len(calls.read_text()) > 6, "a trial hangs")
    process.send_signal(signal.SIGINT)
    status, stdout, said = ended(process)

    assert status == 128 + signal.SIGINT, said
    assert stdout


@pytest.mark.slow
def test_a_terminal_that_closes_leaves_a_search_with_its_answer_in_the_journal(tmp_path, home):
    terminal, end = pty.openpty()
    command = [*ADVISOR, *SEARCH]
    its_own = "import fcntl, os, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    process = subprocess.Popen(
        [sys.executable, "-c", f"{its_own}os.execv({sys.executable!r}, {command!r})"],
        cwd=tmp_path, stdin=end, stdout=end, stderr=end, start_new_session=True,
    )  # fmt: skip
    os.close(end)
    shown = threading.Thread(target=_drain, args=(terminal, closing := threading.Event()))
    shown.start()
    wait_for_trials(process, home)
    closing.set()
    shown.join()

    assert process.wait(HANG_SECONDS) == 128 + signal.SIGHUP
    assert journal.manifest_of(journal.open_study(home, "iris-1")).recommendation is not None


def _drain(terminal, closing):
    """Read what a terminal is to show until it is closed; a table is drawn on it four times a second."""
    while not closing.is_set():
        os.read(terminal, 1 << 16)
    os.close(terminal)


def test_a_search_under_nohup_goes_on(tmp_path, home):
    process = started(
        tmp_path, *SEARCH, "--tracking-uri", "off",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )  # fmt: skip
    wait_for_trials(process, home, 2)
    process.send_signal(signal.SIGHUP)
    wait_for_trials(process, home, 6)
    process.terminate()

    assert ended(process)[0] == 128 + signal.SIGTERM


@pytest.mark.parametrize("words", [("list", "optimizers"), ("list", "optimizers", "--json"), ("--help",)])
def test_a_reader_that_closes_its_pipe_is_no_error(tmp_path, words):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*ADVISOR, *words],
        stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_search_whose_progress_nobody_reads_goes_on_to_its_answer(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    words = ("search", "iris", "--budget", "3trials", "--epochs", "2", "--json", "--tracking-uri", "off")
    done = subprocess.run(
        [*ADVISOR, *words],
        stdout=subprocess.PIPE, stderr=writer, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    os.close(writer)

    assert json.loads(done.stdout)["trials"]["complete"] > 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has it")  # noqa: PTH110
def test_an_answer_that_cannot_be_written_is_said(tmp_path):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*ADVISOR, "list", "optimizers"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False,
        )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr == "advisor: the answer cannot be written to stdout (No space left on device)\n"
