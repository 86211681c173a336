"""Form of the page Launch: each field is checked as the command line checks it, and the data is looked at."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from advisor.agents import launch_process
from advisor.cli.app import app
from advisor.jobs.file_preview import WHOLE_BYTES, guessed_target, preview_file
from dashboard.data_files import keep_upload
from dashboard.launch_form import LaunchForm, data_problems, problems
from studies.errors import BadWorkload, StudyError

from waiting import HANG_SECONDS

ASKED = LaunchForm(source="iris", study="mine")
FLOWERS = "width,colour,id,species\n" + "".join(
    f"{number % 7}.5,{'red' if number % 3 else 'blue'},n{number},{'rose' if number % 2 else 'lily'}\n"
    for number in range(60)
)
WRONG = {
    "memory": "many", "model_size": "-1", "latency": "2 parsecs", "train_time": "0s", "budget": "soon",
    "optimizers": "AdamV", "schedules": "Cosin", "epochs": 0, "seed": -1, "workers": "all", "goal": "fun",
    "model": "mpl", "task": "guessing",
}  # fmt: skip
"""A value of each field that no search takes."""


def words(value):
    return str(value).replace("\\", "")


def page_of(home, **session):
    def script(home):
        from pathlib import Path

        from dashboard.views import launch

        launch.show(Path(home))

    page = AppTest.from_function(script, args=(str(home),), default_timeout=HANG_SECONDS)
    for key, value in session.items():
        page.session_state[key] = value
    return page.run()


@pytest.fixture
def flowers(home):
    return keep_upload(home, "flowers.csv", FLOWERS.encode())


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_with_a_field_is_said_of_it_in_the_words_of_the_command_line(home, field):
    form = replace(ASKED, **{field: WRONG[field]})
    said = problems(form, home, allow_code=False) or data_problems(form)

    assert list(said) == [field]
    result = CliRunner().invoke(app, [*form.arguments(home), "--tracking-uri=off"])
    assert isinstance(result.exception, StudyError)
    assert said[field] == str(result.exception)
    assert not (home / "studies" / "mine.journal").exists()


@given(st.sets(st.sampled_from([field for field in WRONG if field != "task"]), min_size=1))
def test_each_of_several_wrong_fields_is_said_at_once(tmp_path_factory, fields):
    form = replace(ASKED, **{field: WRONG[field] for field in fields})

    assert set(problems(form, tmp_path_factory.getbasetemp(), allow_code=False)) == fields


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [
        ({"metric": "rmse"}, "metric"),
        ({"model": "CNN"}, "model"),
        ({"batch_size": "wide"}, "batch_size"),
        ({"metric": "accuracy", "model": "CNN", "batch_size": "16..64"}, "model"),
    ],
)
def test_what_does_not_fit_the_data_is_said_of_the_field_to_blame(fields, blamed):
    assert list(data_problems(replace(ASKED, **fields))) == [blamed]
    assert data_problems(ASKED) == {}


def test_a_file_shows_its_first_rows_its_columns_and_a_guess(flowers):
    looked_at = preview_file(str(flowers))

    assert str(looked_at) == "60 rows of 4 columns; 'species' is predicted as 2 classes."
    assert looked_at.first_rows[0] == ("0.5", "blue", "n0", "lily")
    kinds = {column.name: column.kind for column in looked_at.columns}
    assert kinds == {"width": "number", "colour": "category", "id": "identifier"}
    assert preview_file(str(flowers), "width").task == "regression"


def test_a_target_that_cannot_be_predicted_is_said_and_the_rows_are_shown_yet(flowers):
    looked_at = preview_file(str(flowers), "nothing")

    assert "has no column 'nothing'" in looked_at.problem
    assert looked_at.first_rows
    assert looked_at.columns == ()


def test_of_a_large_file_of_text_the_beginning_is_looked_at(tmp_path):
    large = tmp_path / "large.csv"
    line = f"1.5,{'x' * 90},rose\n2.5,{'y' * 90},lily\n"
    large.write_text("width,colour,species\n" + line * (WHOLE_BYTES // len(line) + 1))
    looked_at = preview_file(str(large))

    assert not looked_at.whole
    assert 0 < looked_at.rows < large.stat().st_size // len(line)
    assert looked_at.target == "species"
    packed = large.rename(tmp_path / "large.arff")
    with pytest.raises(BadWorkload, match="read only when the search starts"):
        preview_file(str(packed))


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_the_guess_is_one_of_the_columns(names):
    assert guessed_target(names) in names


def test_an_upload_is_shown_with_its_target_and_the_command_follows_each_choice(home, flowers):
    page = page_of(home, data="File in the home", path="uploads/" + flowers.name)
    (target,) = (box for box in page.selectbox if box.label == "Target")

    assert target.value == "species"
    assert page.text_input(key="study").placeholder == "flowers-1"
    assert any("60 rows of 4 columns" in words(each.value) for each in page.markdown)
    assert [tab.label for tab in page.tabs] == ["First rows", "What each column becomes"]
    assert not page.button(key="start").disabled
    target.set_value("width").run()
    page.multiselect(key="optimizers").set_value(["AdamW", "Lion"]).run()
    page.number_input(key="epochs").set_value(7).run()
    page.text_input(key="batch_size").set_value("16..64").run()
    words_of_command = shlex.split(page.code[0].value)
    assert {"--target=width", "--optimizers=AdamW,Lion", "--epochs=7", "--batch-size=16..64"} <= set(
        words_of_command
    )
    assert words_of_command == ["advisor", *shlex.split(launch_process.command(words_of_command[1:]))[1:]]


def test_a_wrong_field_has_its_line_below_it_and_start_waits(home):
    page = page_of(home, data="Built in", dataset="iris")
    page.selectbox(key="metric").set_value("rmse").run()

    (line,) = (words(each.value) for each in page.markdown if each.value.startswith(":red["))
    assert "metric 'rmse' is one for regression" in line
    assert words(page.info[0].value).startswith("Metric: metric 'rmse'")
    assert page.button(key="start").disabled
    page.selectbox(key="metric").set_value("roc_auc").run()
    assert not page.button(key="start").disabled


def test_a_first_visitor_is_asked_for_a_file_and_sees_no_error(home):
    page = page_of(home)

    assert words(page.info[0].value) == "Data: choose the data first"
    assert not page.error
    assert not any(each.value.startswith(":red[") for each in page.markdown)
    assert page.button(key="start").disabled
