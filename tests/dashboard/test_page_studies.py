"""The page Studies: every study in a line, two of them side by side, and one deleted for good."""

import optuna
import pytest
from streamlit.testing.v1 import AppTest

from advisor.agents import launch_process
from dashboard import reads, studies_table
from dashboard.snapshot import Study
from studies.errors import StoreError, StudyNotFound
from studies.storage import journal
from studies.storage.home import study_names
from studies.storage.journal import change_manifest, create_study, delete_study
from studies.storage.locks import worked_on, working
from studies.storage.manifest import StudyManifest

from records import facts, record
from waiting import HANG_SECONDS, wait_until

PLAN = {
    "candidates": ["SGD", "AdamW"], "metric": "accuracy", "goal": "balanced", "valid_rows": 360, "limits": {},
    "dataset": "digits", "model": "Linear", "budget": {"seconds": 60.0, "trials": None},
}  # fmt: skip
TRIALS = (
    record(0, "SGD", 0.8, stage="reference"),
    record(1, "AdamW", 0.9, stage="reference"),
    record(2, "SGD", None, state="failed"),
)
HOSTILE = ("../x", "studies/../full", "/etc/passwd", "<script>", "; rm -rf ~", "", "..", "*")


def add(home, name, trials=TRIALS, *, finished=False, **changes):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = create_study(
        home,
        name,
        direction="maximize",
        manifest=StudyManifest.from_dict(PLAN | {"facts": facts().to_dict()} | changes),
    )
    for each in trials:
        study.add_trial(
            optuna.trial.create_trial(value=each.quality or 0.0, user_attrs={"record": each.to_dict()})
        )
    if finished:
        change_manifest(study, recommendation={"markdown": "", "json": "{}"})
    return study


@pytest.fixture
def filled(home):
    add(home, "full", finished=True)
    add(home, "other", limits={"train_bytes": 1000}, candidates=["SGD", "Muon"], goal="speed")
    add(home, "begun", ())
    add(home, "failed", TRIALS[2:])
    add(home, "single", TRIALS[:1])
    return home


def opened(home):
    def script(home):
        from pathlib import Path

        from dashboard.views import studies

        studies.show(Path(home))

    return AppTest.from_function(script, args=(str(home),), default_timeout=HANG_SECONDS).run()


def test_every_study_has_its_line(filled):
    with working(filled, "begun"):
        page = opened(filled)
    rows = page.dataframe[0].value.set_index("name")

    assert not page.exception
    assert dict(rows["state"]) == {
        "full": "finished", "other": "silent", "begun": "running", "failed": "silent", "single": "silent",
    }  # fmt: skip
    assert (rows["best"]["full"], rows["optimizer"]["full"], rows["trials"]["full"]) == (0.9, "AdamW", 3)
    assert set(rows["data"]) == {"digits"}
    assert rows["best"].isna()["failed"]


def test_an_empty_home_says_how_to_begin(home):
    page = opened(home)

    assert page.code[0].value == "advisor search digits"
    assert not page.exception


def test_a_journal_that_cannot_be_read_has_a_line_too(filled):
    (filled / "studies" / "broken.journal").write_text("no journal\n")
    page = opened(filled)

    assert not page.exception
    assert dict(page.dataframe[0].value.set_index("name")["state"])["broken"] == "cannot be read"


def test_a_name_that_is_markup_is_shown_as_text(home):
    add(home, "mine", finished=True)
    (home / "studies" / "mine.journal").rename(home / "studies" / "<b>x **y**.journal")
    page = opened(home)
    page.selectbox(key="changed").set_value("<b>x **y**").run()

    assert not page.exception
    assert page.warning[-1].value.startswith(r"\<b\>x \*\*y\*\*")
    assert page.checkbox[0].label == r"Yes, delete \<b\>x \*\*y\*\*"


def test_a_title_tags_and_a_note_are_said_and_listed(filled):
    page = opened(filled)
    page.selectbox(key="changed").set_value("full").run()
    page.text_input[0].set_value("First try")
    page.text_area[0].set_value("Odd split.")
    next(button for button in page.button if button.label == "Save").click().run()
    row = page.dataframe[0].value.set_index("name").loc["full"]

    assert not page.exception
    assert (row["title"], row["note"]) == ("First try", "Odd split.")
    assert "First try (full)" in page.selectbox(key="changed").options


def test_an_archived_study_leaves_the_list_until_it_is_asked_for(filled):
    page = opened(filled)
    page.selectbox(key="changed").set_value("single").run()
    page.button(key="archive single").click().run()
    assert "single" not in set(page.dataframe[0].value["name"])

    page.toggle[0].set_value(True).run()
    assert dict(page.dataframe[0].value.set_index("name")["state"])["single"] == "silent, archived"
    page.button(key="archive single").click().run()
    assert not page.exception
    assert "single" in set(opened(filled).dataframe[0].value["name"])


def test_two_studies_are_told_apart_by_what_differs(filled):
    left, right = (Study.read(filled, name) for name in ("full", "other"))

    assert studies_table.differences(left, right) == [
        ("candidates", "AdamW and 1 in common", "Muon and 1 in common"),
        ("goal", "balanced", "speed"),
        ("limits, train bytes", "", "1000"),
    ]
    assert studies_table.differences(left, left) == []


def test_two_studies_stand_side_by_side_with_their_advice(filled):
    page = opened(filled)
    page.selectbox(key="compare-One").set_value("full").run()
    page.selectbox(key="compare-The other").set_value("single").run()

    assert not page.exception
    assert [metric.label for metric in page.metric] == [
        "AdamW, validation accuracy",
        "SGD, validation accuracy",
    ]
    assert [page.query_params[key] for key in ("left", "right")] in (
        ["full", "single"],
        [["full"], ["single"]],
    )


def test_a_study_is_deleted_only_after_a_yes(filled):
    page = opened(filled)
    page.selectbox(key="changed").set_value("failed").run()
    assert page.button(key="delete").disabled

    page.checkbox(key="sure-failed").check().run()
    page.button(key="delete").click().run()
    assert "failed is deleted." in page.success[0].value.replace("\\", "")
    assert "failed" not in study_names(filled)
    assert not page.exception


def test_deleting_takes_all_of_one_study_and_nothing_of_another(filled):
    for folder in ("checkpoints", "models"):
        for name in ("full", "full-2"):
            (filled / folder / name).mkdir(parents=True)
            (filled / folder / name / "1.bin").touch()
    journal.open_study(filled, "other")
    delete_study(filled, "full")

    assert "full" not in study_names(filled)
    left = {str(path.relative_to(filled)) for path in filled.rglob("*") if path.is_file()}
    assert not {each for each in left if "full" in each and "full-2" not in each}
    assert {"checkpoints/full-2/1.bin", "models/full-2/1.bin", "studies/other.journal"} <= left


def test_a_study_that_is_worked_on_is_not_deleted(filled):
    with working(filled, "full"), pytest.raises(StoreError, match="another process"):
        delete_study(filled, "full")
    assert "full" in study_names(filled)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_deletes_anything_but_a_study(filled, name):
    before = sorted(filled.rglob("*"))

    with pytest.raises(StudyNotFound):
        delete_study(filled, name)
    assert sorted(filled.rglob("*")) == before


def test_deleting_follows_no_link(filled, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    for folder in ("checkpoints", "models"):
        (filled / folder).mkdir()
        (filled / folder / "full").symlink_to(tmp_path / "precious")
    delete_study(filled, "full")

    assert (tmp_path / "precious" / "file").exists()
    assert not (filled / "models" / "full").is_symlink()


def test_whoever_only_looks_keeps_nobody_from_working(filled):
    assert not worked_on(filled, "full")
    with working(filled, "full"):
        assert worked_on(filled, "full")
    assert not worked_on(filled, "full")


def test_what_was_kept_of_a_process_goes_with_its_study(filled):
    launch_process.start(filled, "full", ("list", "datasets"))
    wait_until(lambda: not launch_process.running(filled, "full"), "the process ends")
    assert launch_process.names(filled) == ("full",)
    launch_process.forget(filled, "full")
    assert launch_process.names(filled) == ()


def test_a_summary_is_read_again_only_when_the_journal_changes(filled, monkeypatch):
    assert reads.summary(filled, "single") is not None
    monkeypatch.setattr(reads, "summary_of", lambda home, name: pytest.fail("read again"))
    assert reads.summary(filled, "single").trials == 1
