"""Recipe and files of the answer on its page: what can be made, what cannot and why, and what starts."""

from __future__ import annotations

import pytest

from advisor.agents import launch_process
from advisor.jobs.downloads import downloads
from studies.errors import StoreError
from studies.storage.journal import change_manifest, open_study

from pages import RACE, fill, page, words
from records import record
from waiting import wait_until

ONE = (record(0, "AdamW", 0.9, stage="reference"),)


def test_a_recipe_is_text_to_copy_and_files_are_made_when_somebody_asks(tmp_path):
    home = fill(tmp_path, {"one": ONE})
    shown = page("recommendation", home, "one").run()
    assert [tab.label for tab in shown.tabs] == ["Recipe", "PyTorch", "TOML"]
    toml = next(code.value for code in shown.code if code.language == "toml")
    assert "[optimizer.AdamW]\nlr = 0.001" in toml
    assert [button.disabled for button in shown.button if button.label == "train.py and model"] == [False]
    assert not shown.get("download_button")[0].proto.disabled


def test_what_cannot_be_made_says_why(tmp_path):
    home = fill(tmp_path, {"one": ONE, "begun": ()})
    assert "No whole run yet, so there is no recipe" in words(page("recommendation", home, "begun").run())
    otherwise = page("recommendation", home, "one", goal="memory").run()
    assert "made of the study's own answer" in words(otherwise)
    with pytest.raises(StoreError, match="'begun' has no complete run yet"):
        downloads(home, "begun")


def test_an_answer_that_was_not_confirmed_has_the_button_that_goes_on(tmp_path):
    home = fill(tmp_path, {"race": RACE}, budget={"seconds": None, "trials": 8})
    change_manifest(open_study(home, "race"), recommendation={"markdown": "", "json": "{}"})
    shown = page("recommendation", home, "race").run()
    button = next(button for button in shown.button if button.label.startswith("Confirm it"))
    assert button.help == f"advisor resume race --budget 16trials --home {home}"


def test_a_start_that_fails_says_its_one_line_on_the_page(tmp_path):
    home = fill(tmp_path, {"one": ONE})
    shown = page("recommendation", home, "one").run()
    next(button for button in shown.button if button.label == "Go on with the search").click().run()
    wait_until(lambda: not launch_process.running(home, "one"), "the process ends")
    error = launch_process.failure(home, "one")
    assert error
    assert error[:40] in words(page("recommendation", home, "one").run())
