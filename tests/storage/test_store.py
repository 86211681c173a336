"""The journal: nothing that was finished is ever lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import gethostname

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from studies.errors import BadValue, StoreError, StudyNotFound, StudyWarning
from studies.record import Record
from studies.storage import journal
from studies.storage.follow import Journal
from studies.storage.home import NameTaken, check_name, free_name, writable
from studies.storage.locks import Holder, holder_path, worked_on, working
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import RECORD, TrialLine, all_trials, next_number, tell

from records import record
from waiting import HANG_SECONDS


def new(home, name="s", **plan):
    return journal.create_study(home, name, direction="maximize", manifest=StudyManifest.from_dict(plan))


def add(study, left):
    study.add_trial(create_trial(value=left.quality, user_attrs={RECORD: left.to_dict()}))


def test_a_record_comes_back_as_it_was(home):
    left = record(0, "AdamW", 0.9, test_quality=0.88, source=3, error="why")
    add(new(home), left)

    assert journal.records(journal.open_study(home, "s")) == (left,)


def test_a_record_of_a_later_version_is_still_read():
    values = record(0, "AdamW", 0.9).to_dict() | {"invented_later": 1}

    assert Record.from_dict(values) == record(0, "AdamW", 0.9)


def test_a_study_is_named_once(home):
    new(home)

    with pytest.raises(BadValue, match="advisor resume s"):
        new(home)


def test_of_many_that_ask_for_a_name_at_once_one_has_it(home):
    def ask(_):
        try:
            return new(home).study_name
        except NameTaken:
            return None

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))

    assert sorted(answers, key=str) == [*[None] * 7, "s"]
    assert journal.manifest_of(journal.open_study(home, "s"))


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 101, "new\nline"])
def test_a_name_that_is_no_file_name_is_refused(home, name):
    with pytest.raises(BadValue, match="may hold letters"):
        new(home, name)


def test_a_study_that_is_not_there_is_said_with_the_nearest_name(home):
    new(home, "digits-1")

    with pytest.raises(StudyNotFound, match="did you mean 'digits-1'"):
        journal.open_study(home, "digit-1")
    with pytest.raises(StudyNotFound, match="start one with"):
        journal.open_study(home / "elsewhere", "digits-1")


def test_an_unwritable_home_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="--home"):
        writable(tmp_path / "file")


@pytest.mark.parametrize("torn", [1, 30, 70_000])
def test_a_line_torn_by_a_crash_is_cut_off_and_the_study_goes_on(home, torn):
    add(new(home), record(0, "AdamW", 0.9))
    path = home / "studies" / "s.journal"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code": 4, "worker_id": "'[:torn].ljust(torn, b"x"))

    study = journal.open_study(home, "s")
    assert len(journal.records(study)) == 1
    add(study, record(1, "SGD", 0.8))
    assert path.read_bytes().startswith(whole + b'{"op_code":4,')
    assert path.read_bytes().count(b"\n") == whole.count(b"\n") + 1
    assert [left.optimizer for left in journal.records(journal.open_study(home, "s"))] == ["AdamW", "SGD"]


def test_the_manifest_can_be_added_to(home):
    study = new(home, seed=3)
    journal.change_manifest(study, spent_seconds=1.5)

    manifest = journal.manifest_of(journal.open_study(home, "s"))
    assert manifest == StudyManifest(seed=3, spent_seconds=1.5)
    assert manifest.to_dict() == {"seed": 3, "spent_seconds": 1.5}
    with pytest.raises(TypeError, match="a manifest has no sped"):
        journal.change_manifest(study, sped=1)


def _write_for_ever(home):
    study = journal.open_study(home, "s")
    while True:
        number = next_number(study)
        stage = "confirm" if number % 3 == 2 else "race"
        tell(study, record(number, "AdamW", 0.9, stage=stage), TrialLine(spent_seconds=float(number)))


def test_a_writer_killed_at_any_moment_leaves_a_journal_that_opens_at_once(home):
    """The kernel frees a dead process's lock; a lock file would block the next opener for half a minute."""
    new(home)
    context = multiprocessing.get_context("fork")
    numbers = []
    for round_ in range(4):
        writer = context.Process(target=_write_for_ever, args=(home,))
        writer.start()
        time.sleep(0.15 + 0.03 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        study = journal.open_study(home, "s")
        numbers.append(next_number(study))
        tell(study, record(numbers[-1], "SGD", 0.5))

    study = journal.open_study(home, "s")
    left = journal.records(study)
    assert [each.number for each in left] == list(range(len(left)))
    assert [each.number for each in left if each.optimizer == "SGD"] == numbers
    assert all(trial.state == TrialState.COMPLETE for trial in all_trials(study))


def _write_beyond(home, limit):
    import resource

    study = journal.open_study(home, "s")
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        tell(study, record(1, "AdamW", 0.9))
    except OSError:
        os._exit(7)


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file")
@pytest.mark.parametrize("room", [0, 1, 700])
def test_a_line_that_finds_no_room_is_not_half_written(home, room):
    study = new(home)
    tell(study, record(0, "AdamW", 0.9))
    path = home / "studies" / "s.journal"
    whole = path.read_bytes()
    writer = multiprocessing.get_context("fork").Process(target=_write_beyond, args=(home, len(whole) + room))
    writer.start()
    writer.join()

    assert writer.exitcode == 7
    assert path.read_bytes() == whole
    tell(study, record(1, "AdamW", 0.9))
    assert len(Journal(home, "s").read().records) == 2


def _write_many(home, first):
    study = journal.open_study(home, "s")
    for number in range(first, first + 30):
        tell(study, record(number, "AdamW", 0.9))


def test_lines_of_two_writers_do_not_mix(home):
    new(home)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(home, first)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    stored = Journal(home, "s").read()
    assert [left.number for left in stored.records] == [*range(30), *range(100, 130)]
    assert stored.damaged == 0
    assert journal.records(journal.open_study(home, "s")) == stored.records


def test_json_has_null_for_what_json_cannot_say():
    text = journal.dump({"a": float("nan"), "b": [float("inf"), 1.0], "c": ("x",)})

    assert json.loads(text) == {"a": None, "b": [None, 1.0], "c": ["x"]}


def test_a_made_up_name_is_one_that_a_study_can_have_and_that_is_free(home):
    new(home, "digits-1")

    assert free_name(home, "digits") == "digits-2"
    assert free_name(home, "digits", taken=["digits-2"]) == "digits-3"
    for data in ("données à moi.csv", "../../etc", "x" * 300, "-", "my data"):
        check_name(home, free_name(home, data))


def _hold_for_ever(home, ready):
    with working(home, "s"):
        ready.set()
        time.sleep(HANG_SECONDS)


def test_a_study_is_held_by_one_process_and_free_once_that_is_killed(home):
    new(home)
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    holder = context.Process(target=_hold_for_ever, args=(home, ready))
    holder.start()
    assert ready.wait(HANG_SECONDS)
    assert worked_on(home, "s")
    who = rf"searched by another process \(process {holder.pid} on {re.escape(gethostname())}, since 20.*\)"
    with pytest.raises(StoreError, match=who), working(home, "s"):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    assert not worked_on(home, "s")
    with warnings.catch_warnings(action="error"), working(home, "s"):
        assert Holder.read(holder_path(home, "s")).pid == os.getpid()
    assert not holder_path(home, "s").exists()


def test_what_another_host_left_is_said_and_what_is_assumed(home):
    new(home)
    Holder(host="node-7", pid=12, since="2026-01-02 03:04").write(holder_path(home, "s"))
    who = "process 12 on node-7, since 2026-01-02 03:04 was searching study"
    with pytest.warns(StudyWarning, match=who), working(home, "s"):
        pass
    assert not holder_path(home, "s").exists()


@given(
    st.binary(max_size=60) | st.sampled_from((b"{}", b"[]", b'{"host":1,"pid":"x","since":2}', b"[" * 9999))
)
def test_a_file_that_names_no_holder_keeps_nobody_from_working(content):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        holder_path(home, "s").parent.mkdir()
        holder_path(home, "s").write_bytes(content)
        with working(home, "s"):
            assert worked_on(home, "s")


def test_a_home_that_is_deleted_meanwhile_is_let_go_of(home):
    new(home)
    with working(home, "s"):
        shutil.rmtree(home)
