"""Annotations: what a user says of a study comes back, touches nothing measured, and goes with the study."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.errors import BadValue, StoreError, StudyNotFound
from studies.storage import journal
from studies.storage.annotations import (
    StudyAnnotations,
    TrialAnnotations,
    annotations_path,
    change_annotations,
    legible_annotations,
    read_annotations,
)
from studies.storage.home import journal_path

from pages import STUDIES, fill

TAGS = st.lists(
    st.text(max_size=30).filter(lambda tag: tag.isprintable() and tag.strip() and "," not in tag), max_size=5
)


@pytest.fixture
def full(home):
    return fill(home, {"full": STUDIES["full"]})


@given(
    title=st.text(max_size=20), note=st.text(max_size=200), tags=TAGS, trial=st.none() | st.integers(0, 99)
)
def test_what_is_said_is_read_back(tmp_path_factory, title, note, tags, trial):
    home = tmp_path_factory.mktemp("home")
    (home / "studies").mkdir()
    journal_path(home, "full").touch()
    said = StudyAnnotations().retitled(title).noted(note, trial=trial).tagged(tags, trial=trial).put_away()
    change_annotations(home, "full", lambda _: said)

    assert read_annotations(home, "full") == said
    assert said.untagged(tags, trial=trial).noted("", trial=trial).trials == {}


def test_a_study_of_which_nothing_was_said_has_empty_annotations(full):
    assert read_annotations(full, "full") == StudyAnnotations()
    assert StudyAnnotations().of_trial(3) == TrialAnnotations()
    assert (StudyAnnotations().label("full"), StudyAnnotations(title="A").label("full")) == (
        "full",
        "A (full)",
    )


def test_saying_something_leaves_the_journal_as_it_was(full):
    before = journal_path(full, "full").read_bytes()
    change_annotations(full, "full", lambda old: old.retitled("First").noted("good", trial=4))

    assert journal_path(full, "full").read_bytes() == before


def test_several_who_write_at_once_lose_nothing(full):
    def tag(number):
        change_annotations(full, "full", lambda old: old.tagged([f"tag {number}"], trial=number % 3))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tag, range(24)))
    said = read_annotations(full, "full").trials.values()

    assert sorted(tag for each in said for tag in each.tags) == sorted(f"tag {i}" for i in range(24))


def test_what_a_later_version_wrote_stays(full):
    path = annotations_path(full, "full")
    path.write_text('{"note": "old", "stars": 5, "trials": {"4": {"note": "odd", "colour": "red"}}}')
    change_annotations(full, "full", lambda old: old.tagged(["new"]))
    said = read_annotations(full, "full")

    assert (said.extra, said.note, said.tags) == ({"stars": 5}, "old", ("new",))
    assert said.trials == {4: TrialAnnotations(note="odd")}


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"note": 3}', '{"trials": {"x": {}}}', '{"trials": [1]}', '{"tags": 3}']
)
def test_a_damaged_file_is_told_in_one_line_and_never_written_over(full, text):
    path = annotations_path(full, "full")
    path.write_text(text)

    with pytest.raises(StoreError, match="restore the file from a copy or delete it"):
        change_annotations(full, "full", lambda old: old.noted("new"))
    assert path.read_text() == text
    assert legible_annotations(full, "full") == StudyAnnotations()


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.retitled("x" * 101),
        lambda said: said.noted("x" * 20_001),
        lambda said: said.tagged(["a,b"]),
        lambda said: said.tagged([" "]),
        lambda said: said.tagged(["x" * 41]),
        lambda said: said.tagged(map(str, range(51))),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_line(full, change):
    with pytest.raises(BadValue, match=r"at most|comma"):
        change_annotations(full, "full", change)
    assert not annotations_path(full, "full").exists()


def test_nothing_is_said_of_a_study_that_is_not_there(home):
    (home / "studies").mkdir(parents=True)
    with pytest.raises(StudyNotFound):
        change_annotations(home, "full", lambda old: old.noted("x"))
    assert list((home / "studies").iterdir()) == []


def test_annotations_go_with_their_study(full):
    change_annotations(full, "full", lambda old: old.noted("x"))
    journal.delete_study(full, "full")

    assert [path.name for path in (full / "studies").iterdir() if "annotations" in path.name] == []
