"""A damaged journal costs what stood in the damage: what is read is what was written, and it is counted."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import advisor
from advisor.cli.listing import listing
from advisor.jobs.history import similar_studies
from advisor.jobs.reports import reported
from advisor.study_report.page import page
from dashboard.studies_table import summary
from studies.errors import StoreError, StudyError, StudyWarning
from studies.storage import journal
from studies.storage.follow import Journal, read_study
from studies.storage.home import journal_path, study_names
from studies.storage.lines import Line, sealed
from studies.storage.manifest import StudyManifest
from studies.storage.repair import make_writable
from studies.storage.trial_lines import tell

from records import record

EARLIER = gzip.decompress((Path(__file__).parent / "iris-0.1.journal.gz").read_bytes())
STAGES = ("race", "race", "confirm", "compress")
DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(("cut", "zeroed", "noise", "copied", "swapped", "inserted", "broken")),
        st.floats(0, 1),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=40),
    ),
    min_size=1,
    max_size=4,
)


@cache
def written():
    """Return a journal of 16 trials of all stages, with an entry of its manifest changed on the way."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = journal.create_study(
            home, "s", direction="maximize", manifest=StudyManifest(metric="r2", notes=("Größe",))
        )
        for number in range(16):
            stage = STAGES[number % 4]
            tell(study, record(number, "AdamW", 0.5 + number / 100, stage=stage))
            if number == 8:
                journal.change_manifest(study, spent_seconds=8.5, notes=("a", "b"))
        return journal_path(home, "s").read_bytes()


def damaged(content, damages):
    for kind, at, to, noise in damages:
        start, stop = sorted((int(at * len(content)), int(to * len(content))))
        lines = content.splitlines(keepends=True)
        first, second = (int(share * (len(lines) - 1)) if lines else 0 for share in (at, to))
        match kind:
            case "cut":
                content = content[:start] + content[min(stop, start + 3000) :]
            case "zeroed":
                stop = min(stop, start + 3000)
                content = content[:start] + bytes(stop - start) + content[stop:]
            case "noise":
                content = content[:start] + noise + content[start + len(noise) :]
            case "inserted":
                content = content[:start] + noise + content[start:]
            case "broken":
                content = content[:start] + b"\n" + content[start:]
            case "copied" if lines:
                content = b"".join([*lines[:second], lines[first], *lines[second:]])
            case "swapped" if lines:
                lines[first], lines[second] = lines[second], lines[first]
                content = b"".join(lines)
    return content


def read(content, name="s"):
    with tempfile.TemporaryDirectory() as folder:
        path = journal_path(Path(folder), name)
        path.parent.mkdir()
        path.write_bytes(content)
        return Journal(Path(folder), name).read()


@given(DAMAGES)
@settings(deadline=None, max_examples=150)
def test_what_is_read_of_a_damaged_journal_is_what_was_written(damages):
    whole = read(written())
    try:
        stored = read(damaged(written(), damages))
    except StoreError:
        return  # neither its name nor a manifest is left
    assert set(map(repr, stored.records)) <= set(map(repr, whole.records))
    assert [left.number for left in stored.records] == sorted({left.number for left in stored.records})
    assert stored.manifest.metric == whole.manifest.metric
    assert stored.manifest.notes in (("Größe",), ("a", "b"))


@given(DAMAGES)
@settings(deadline=None, max_examples=60)
def test_optuna_opens_whatever_we_read_and_goes_on_with_it(damages):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = journal_path(home, "s")
        path.parent.mkdir()
        path.write_bytes(damaged(written(), damages))
        try:
            before = Journal(home, "s").read()
            study = journal.open_study(home, "s")
        except StoreError:
            return
        tell(study, record(99, "SGD", 0.7))
        after = Journal(home, "s").read()
        assert [left.number for left in after.records] == [*(left.number for left in before.records), 99]
        assert after.damaged == before.damaged


@given(st.integers(0, len(EARLIER.splitlines()) - 1), st.integers(0, 40))
@settings(deadline=None, max_examples=30)
def test_a_journal_of_an_earlier_version_without_seals_is_read_around_a_bad_line(line, cut):
    lines = EARLIER.splitlines(keepends=True)
    lines[line] = lines[line][cut + 20 :]
    whole = read(EARLIER, "iris-0.1")
    try:
        stored = read(b"".join(lines), "iris-0.1")
    except StoreError:
        assert line <= 1  # the study itself, or its first plan
        return
    assert set(map(repr, stored.records)) <= set(map(repr, whole.records))
    assert len(stored.records) >= len(whole.records) - 1


def of_a_trial(lines):
    return next(place for place, line in enumerate(lines) if b'"trial":7,' in line)


def test_every_line_that_is_lost_is_counted():
    lines = written().splitlines(keepends=True)
    at = of_a_trial(lines)
    for bad in (b"\n", b"\0" * 3000 + b"\n", b"\xff\xfe\n", lines[at][:-100] + b"\n", b"[1, 2]\n"):
        assert read(b"".join([*lines[:at], bad, *lines[at:]])).damaged == 1
        stored = read(b"".join([*lines[:at], bad, *lines[at + 1 :]]))
        assert (len(stored.records), stored.damaged) == (15, 1)


def test_a_line_behind_one_that_a_crash_left_torn_is_not_lost():
    lines = written().splitlines(keepends=True)
    at = of_a_trial(lines)
    stored = read(b"".join([*lines[:at], lines[at][:200], *lines[at + 1 :]]))
    assert (len(stored.records), stored.damaged) == (15, 1)


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"op_code":4,"a":' * 50_000])
def test_a_line_that_nests_too_deep_is_one_bad_line(deep):
    stored = read(written() + deep + b"\n")
    assert (len(stored.records), stored.damaged) == (16, 1)


def test_it_is_said_once_how_many_lines_are_lost(tmp_path):
    path = journal_path(tmp_path, "s")
    path.parent.mkdir()
    path.write_bytes(written().replace(b"0.57", b"0.75", 1))
    with pytest.warns(StudyWarning, match="1 line of the journal of study 's' cannot be read; the rest was"):
        assert len(read_study(tmp_path, "s").records) == 15
    path.write_bytes(written())
    with warnings.catch_warnings(action="error"):
        assert len(read_study(tmp_path, "s").records) == 16


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_a_line_is_read_as_it_was_sealed(value):
    operation = {"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"crc": value}}
    line = Line.of(sealed(operation))
    assert not line.damaged
    assert json.dumps(line.operation() | {"crc": ""}) == json.dumps(operation | {"crc": ""})


@given(st.integers(0, 200), st.integers(0, 255))
def test_no_changed_byte_of_a_sealed_line_changes_what_it_says(place, byte):
    operation = {"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"a": list(range(30))}}
    line = bytearray(sealed(operation))
    line[place % (len(line) - 1)] = byte
    values = Line.of(bytes(line)).operation()
    assert values is None or {name: values.get(name) for name in operation} == operation


def home_with(tmp_path, content, name="s"):
    path = journal_path(tmp_path, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def read_by_optunas_own_tools(path):
    storage = JournalStorage(JournalFileBackend(str(path)))
    return {
        study.study_name: len(storage.get_all_trials(study._study_id)) for study in storage.get_all_studies()
    }


@pytest.mark.parametrize("bad", [b"\n", b"\0" * 3000 + b"\n", b'{"op_code":4,"torn', b"\r\n\xff\n{}\n"])
def test_before_a_study_is_gone_on_with_its_journal_is_repaired_and_set_aside(tmp_path, bad):
    lines = written().splitlines(keepends=True)
    at = of_a_trial(lines)
    content = b"".join([*lines[:at], bad, *lines[at:]])
    path = home_with(tmp_path, content)
    follower = Journal(tmp_path, "s")
    before = follower.read()
    with pytest.warns(StudyWarning, match="set aside as s.damaged-1"):
        make_writable(tmp_path, "s")

    assert (path.parent / "s.damaged-1").read_bytes() == content
    assert read_by_optunas_own_tools(path) == {"s": 8, "s-confirmation": 4, "s-compression": 4}
    tell(journal.open_study(tmp_path, "s"), record(16, "SGD", 0.9))
    after, again = follower.read(), Journal(tmp_path, "s").read()
    assert after.records == again.records
    assert again.records[:-1] == before.records
    assert again.damaged == 0
    assert "set aside as s.damaged-1" in again.manifest.notes[-1]
    make_writable(tmp_path, "s")
    assert study_names(tmp_path) == ("s",)
    home_with(tmp_path, written(), "s.damaged-1")
    journal.delete_study(tmp_path, "s")
    assert [left.name for left in path.parent.iterdir()] == ["s.damaged-1.journal"]


def test_what_optuna_would_give_to_another_study_is_read_but_not_gone_on_with(tmp_path):
    lines = written().splitlines(keepends=True)
    without = [line for line in lines if b'"study_name":"s-compression"' not in line]
    home_with(tmp_path, b"".join([*without, b"\n"]))
    with pytest.warns(StudyWarning, match="1 line of the journal"):
        assert len(read_study(tmp_path, "s").records) == 16
    with pytest.raises(StoreError, match=r"can be read but not gone on with; .* --start-from s"):
        make_writable(tmp_path, "s")


def later(**changes):
    """Return the journal as a later version could have written it."""
    operations = [json.loads(line) for line in written().splitlines()]
    for operation in operations:
        operation.pop("crc")
        if operation["op_code"] == 2 and "plan" in operation["user_attr"]:
            operation["user_attr"]["plan"] |= changes.get("entries", {})
        if operation["op_code"] == 4:
            operation["user_attrs"]["record"] |= changes.get("fields", {})
    operations += changes.get("operations", [])
    return b"".join(map(sealed, operations))


LATER = {
    "an operation": later(operations=[{"op_code": 31, "worker_id": "w"}]),
    "an entry of its manifest": later(entries={"verdict": [1, 2]}),
    "a field of its records": later(fields={"joules": 3.5}),
    "a stage": later(fields={"stage": "rehearse"}),
    "a state": later(fields={"state": "paused"}),
    "its version": later(entries={"versions": {"optimizer-advisor": "99.1"}}),
}


@pytest.mark.parametrize("content", LATER.values(), ids=LATER)
def test_a_study_of_a_later_version_is_read_but_not_written_to(tmp_path, content):
    path = home_with(tmp_path, content)
    with warnings.catch_warnings(action="error"):
        assert len(read_study(tmp_path, "s").records) == 16
    with pytest.raises(StoreError, match=r"study 's' was made by a later version \(.*pip install -U"):
        make_writable(tmp_path, "s")
    with pytest.raises(StoreError, match="made by a later version"):
        advisor.resume("s", home=tmp_path)
    with pytest.raises(StoreError, match="made by a later version"):
        advisor.compress("s", home=tmp_path)
    assert path.read_bytes() == content


def test_a_study_with_an_optimizer_of_a_later_version_is_answered_from_and_not_gone_on_with(tmp_path):
    path = home_with(tmp_path, EARLIER.replace(b"AdamW", b"Hyperion"), "iris-0.1")
    assert "Hyperion" in {left.optimizer for left in read_study(tmp_path, "iris-0.1").records}
    assert advisor.recommend("iris-0.1", home=tmp_path).optimizer
    assert "Hyperion" in page(reported(tmp_path, "iris-0.1"))
    before = path.read_bytes()
    with pytest.raises(StudyError, match="Hyperion"):
        advisor.resume("iris-0.1", budget="40trials", home=tmp_path)
    assert path.read_bytes() == before


def test_a_release_of_today_or_of_before_may_be_gone_on_with(tmp_path):
    for made_by in ("0.0.9", version("optimizer-advisor"), "0.0.9rc1"):
        home_with(tmp_path, later(entries={"versions": {"optimizer-advisor": made_by}}))
        make_writable(tmp_path, "s")


def test_a_study_that_cannot_be_read_hides_no_other(tmp_path):
    home_with(tmp_path, EARLIER, "iris-0.1")
    home_with(tmp_path, b"not a journal\n", "broken")
    home_with(tmp_path, b"", "empty")
    home_with(tmp_path, written() + b"\0\n", "s")
    rows = {row["name"]: row for row in listing("studies", tmp_path)}

    assert rows["iris-0.1"]["trials"] == 11
    assert rows["s"]["summary"].endswith("16 trials, best r2 0.64; 1 line of its journal cannot be read")
    for name in ("broken", "empty"):
        assert rows[name]["trials"] == 0
        assert "cannot be read" in rows[name]["summary"]
        assert "\n" not in rows[name]["summary"]
        assert summary(tmp_path, name).state == "cannot be read"
    earlier = Journal(tmp_path, "iris-0.1").read().manifest
    with pytest.warns(StudyWarning) as said:
        similar = list(similar_studies(tmp_path, earlier.opened, earlier.profiled))
    assert [study.name for study in similar] == ["iris-0.1"]
    assert {str(each.message).partition(":")[0] for each in said} == {
        "study 'empty' is passed over",
        "study 'broken' is passed over",
    }


def test_commands_say_in_one_plain_line_how_many_lines_are_lost(tmp_path):
    lines = EARLIER.splitlines(keepends=True)
    home_with(tmp_path, b"".join([*lines[:-1], b"\0\n", *lines[-1:]]), "iris-0.1")
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "recommend", "iris-0.1", "--home", str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.splitlines() == [
        "advisor: 1 line of the journal of study 'iris-0.1' cannot be read; the rest was read"
    ]
