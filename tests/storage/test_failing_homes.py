"""Homes that fail in mid-search: the answer comes from memory, and what is on disk is told as it is."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

import pytest

import advisor
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import conclude, work
from studies.errors import StoreError, StudyNotFound
from studies.storage import held, journal
from studies.storage.follow import read_study

from listeners import At

ASK = {"budget": "12trials", "optimizers": "AdamW,SGD", "epochs": 2, "tracking_uri": "off"}
MEGABYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 1 MiB in memory; only root may."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield path
    while not subprocess.run(["umount", "-l", path], capture_output=True, check=False).returncode:
        pass


@pytest.fixture(autouse=True)
def _nothing_held():
    yield
    held.HELD.clear()


def fill(disk):
    """Fill a disk to its last byte."""
    with contextlib.suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def count(home, name="iris-1"):
    """Return how many trials the file of a study holds, as any other process reads it."""
    held.HELD.clear()
    return len(read_study(home, name).records)


def test_a_disk_that_fills_up_costs_the_answer_nothing_and_what_is_on_it_is_said(small_disk, caplog):
    home = small_disk / "home"
    study = advisor.search("iris", home=home, listen=At(4, lambda: fill(small_disk)), **ASK)

    answer, trials = study.recommend(), len(read_study(home, "iris-1").records)
    assert answer.trials
    assert trials >= 12
    assert caplog.text.count("No space left on device); what ends meanwhile is kept in memory") == 1
    on_disk = count(home)
    assert 4 <= on_disk < trials
    assert f"{on_disk} of {trials} trials are on disk, the others are lost" in caplog.text


def test_a_disk_that_has_room_again_has_everything(small_disk, caplog):
    home = small_disk / "home"

    def make_room(event):
        full(event)
        empty(event)

    full, empty = At(3, lambda: fill(small_disk)), At(6, (small_disk / "filling").unlink)
    study = advisor.search("iris", home=home, listen=make_room, **ASK)

    assert "are lost" not in caplog.text
    assert not held.HELD
    before = study.recommend()
    assert count(home) >= 12
    assert advisor.recommend("iris-1", home=home) == before
    lines = (home / "studies" / "iris-1.journal").read_text().splitlines()
    assert all("op_code" in json.loads(line) for line in lines)


def test_a_study_goes_on_from_what_a_full_disk_took(small_disk):
    home = small_disk / "home"
    advisor.search("iris", home=home, listen=At(4, lambda: fill(small_disk)), **ASK)
    on_disk = count(home)
    (small_disk / "filling").unlink()

    study = advisor.resume("iris-1", home=home, budget="14trials")
    assert study.recommend().trials
    assert count(home) > on_disk


@pytest.mark.parametrize("deleted", ["home", "studies", "journal"])
def test_a_home_that_is_deleted_in_mid_search_costs_the_answer_nothing(home, caplog, deleted):
    def delete():
        path = home / "studies" / "iris-1.journal"
        path.unlink() if deleted == "journal" else shutil.rmtree(
            {"home": home, "studies": path.parent}[deleted]
        )

    study = advisor.search("iris", home=home, listen=At(3, delete), **ASK)

    assert study.recommend().trials
    assert "trials is on disk any more" in caplog.text
    assert deleted == "journal" or not (home / "studies").exists()


def test_a_home_that_is_deleted_before_the_answer_costs_it_nothing(home):
    session = prepare(Request.of("iris", **ASK), home)
    work(session)
    shutil.rmtree(home)

    assert conclude(home, session.name).trials
    loss = held.settle(home, session.name)
    assert loss.of_trials
    assert loss.says.startswith("none of the ")


def test_a_home_that_is_deleted_before_the_first_trial_ends_costs_the_answer_nothing(home, caplog):
    def at_the_start(event):
        shutil.rmtree(home, ignore_errors=True)

    study = advisor.search("iris", home=home, listen=at_the_start, **ASK)
    assert study.recommend().trials


def test_a_home_that_turns_read_only_costs_the_answer_nothing(small_disk, caplog):
    home = small_disk / "home"

    def turn():
        subprocess.run(["mount", "--bind", small_disk, small_disk], check=True)  # nothing is open on it yet
        subprocess.run(["mount", "-o", "remount,bind,ro", small_disk], check=True)

    study = advisor.search("iris", home=home, listen=At(3, turn), **ASK)

    assert study.recommend().trials
    assert "Read-only file system" in caplog.text
    assert count(home) >= 3
    with pytest.raises(StoreError, match="Read-only file system"):
        advisor.resume("iris-1", home=home, budget="20trials")
    with pytest.raises(StoreError, match="Read-only file system"):
        advisor.search("iris", home=home, **ASK)


def test_a_disk_that_is_full_at_the_start_is_refused_and_nothing_is_left(small_disk):
    home = small_disk / "home"
    (home / "studies").mkdir(parents=True)
    fill(small_disk)

    with pytest.raises(StoreError, match="No space left on device"):
        advisor.search("iris", home=home, **ASK)
    assert not list((home / "studies").glob("*.journal"))


def test_the_command_line_answers_and_ends_with_status_1(small_disk, tmp_path):
    home = small_disk / "home"
    (small_disk / "filling").write_bytes(b"x" * (MEGABYTE - (64 << 10)))
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "search", "iris", "--budget", "30trials", "--exhaust",
         "--epochs", "2", "--tracking-uri", "off", "--home", home, "--json"],
        capture_output=True, text=True, cwd=tmp_path, env=os.environ, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["recommendation"]["trials"]
    said = done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    assert "trials are on disk, the others are lost: journal" in said[-2]
    assert said[-1].startswith("advisor: ")
    assert f" {count(home)} of " in f" {said[-2]}"


def test_a_study_that_was_worked_on_is_read_from_its_file_again(home):
    study = advisor.search("iris", home=home, **ASK)
    assert not held.HELD
    journal.delete_study(home, study)
    with pytest.raises(StudyNotFound):
        study.recommend()
