"""Page Launch: what a browser may ask for, what is started and what is refused; names here are hostile."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from advisor.agents import launch_process
from advisor.cli.serve import options
from dashboard import data_files, launch_form, reads
from dashboard.launch_form import LaunchForm, problems
from studies import code_consent, imports
from studies.errors import BadValue, BadWorkload, StoreError, StudyError, StudyNotFound
from studies.storage.home import study_names
from studies.storage.journal import create_study
from studies.storage.manifest import StudyManifest

from records import facts, record
from waiting import HANG_SECONDS, wait_until

HOSTILE = (
    "../x",
    "../../etc/passwd",
    "/etc/passwd",
    "<script>alert(1)</script>",
    "; rm -rf ~",
    "a b",
    "$(id)",
    "-rf",
    "",
    ".",
    "x\ny",
)
UPLOADS = (
    "../../x.csv", "/etc/x.csv", "..\\..\\x.csv", "<script>.csv", "; rm -rf ~.csv", "...csv", "\x00.csv",
    f"{'x' * 300}.csv",
)  # fmt: skip
ASKED = LaunchForm(source="digits", study="mine")
OWN = """import pathlib
pathlib.Path({mark!r}).touch()


def Net(inputs, outputs):
    raise AssertionError
"""


def opened(home, **options):
    def script(home, options):
        from pathlib import Path

        from dashboard.views import launch

        launch.show(Path(home), **options)

    return AppTest.from_function(script, args=(str(home), options), default_timeout=HANG_SECONDS).run()


def built_in(home):
    return opened(home).radio(key="data").set_value("Built in").run()


@pytest.fixture
def code(tmp_path):
    """A file of the user's own that leaves a mark wherever it is imported."""
    file, mark = tmp_path / "net.py", tmp_path / "imported"
    file.write_text(OWN.format(mark=str(mark)))
    return f"{file}:Net", mark


@pytest.fixture
def refusing(monkeypatch):
    """As `advisor dashboard` runs without --allow-code."""
    monkeypatch.setenv(code_consent.REFUSE, "advisor dashboard --allow-code")


def test_the_command_is_one_that_a_user_would_type(home):
    form = replace(ASKED, memory="64MiB", goal="speed", compression="after", budget="20s")

    line = launch_process.command(form.arguments(home))
    assert line == (
        "advisor search digits --memory=64MiB --budget=20s --goal=speed --compression=after --study=mine "
        f"--home={home.resolve()}"
    )


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_never_taken_for_an_option_or_by_a_shell(home, value):
    arguments = replace(ASKED, target=value).arguments(home)
    printed = subprocess.run(
        ["sh", "-c", f"printf '%s\\0' {launch_process.command(arguments)}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert printed.split("\0")[1:-1] == list(arguments)
    assert [each for each in arguments if each.startswith("--target")] == (
        [f"--target={value}"] if value else []
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_study_that_cannot_be_named_so_is_not_started(home, name):
    assert "study" in problems(replace(ASKED, study=name), home, allow_code=True)
    with pytest.raises(BadValue, match="may hold letters"):
        launch_process.start(home, name, ("list", "optimizers"))
    assert not (home / "launched").exists() or not list((home / "launched").iterdir())


@pytest.mark.parametrize("source", [*HOSTILE, "../outside.csv", "uploads/../../outside.csv"])
def test_only_files_of_the_home_are_read(home, tmp_path, source):
    home.mkdir()
    (tmp_path / "outside.csv").write_text("a,b\n1,2\n")

    with pytest.raises(StudyError):
        launch_form.check_source(home, source, allow_code=True)


@pytest.mark.parametrize(
    "source", ["{tmp}/outside.csv", "{home}/link.csv", "{home}/folder/outside.csv", "{home}/../outside.csv"]
)
def test_links_and_absolute_paths_do_not_lead_out_of_the_home(home, tmp_path, source):
    home.mkdir()
    (tmp_path / "outside.csv").write_text("a,b\n1,2\n")
    (home / "link.csv").symlink_to(tmp_path / "outside.csv")
    (home / "folder").symlink_to(tmp_path)
    (home / "mine.csv").write_text("a,b\n1,2\n")

    with pytest.raises(BadValue, match="outside the home"):
        launch_form.check_source(home, source.format(tmp=tmp_path, home=home), allow_code=False)
    launch_form.check_source(home, str(home / "mine.csv"), allow_code=False)
    assert data_files.files(home) == ("mine.csv",)


@pytest.mark.parametrize(
    "name", ["model.pkl", "data.csv.exe", "net.py", "pages.dta", "noending", "x.pt", "dir/"]
)
def test_only_data_is_taken_as_an_upload(home, name):
    with pytest.raises(BadWorkload, match="upload one that ends with"):
        data_files.keep_upload(home, name, b"a,b\n1,2\n")
    assert not (home / "uploads").exists()


@pytest.mark.parametrize("name", UPLOADS)
def test_an_upload_is_kept_in_the_home_under_a_harmless_name(home, name):
    path = data_files.keep_upload(home, name, b"a,b\n1,2\n")

    assert path.parent == home.resolve() / "uploads"
    assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert path.name[0] not in ".-"
    assert len(path.name) < 100
    assert data_files.keep_upload(home, name, b"a,b\n1,2\n") == path
    assert data_files.keep_upload(home, name, b"a,b\n3,4\n") != path
    assert path.read_bytes() == b"a,b\n1,2\n"


def test_uploads_are_not_written_through_a_link(home, tmp_path):
    home.mkdir()
    (home / "uploads").symlink_to(tmp_path)

    with pytest.raises(BadValue, match="outside the home"):
        data_files.keep_upload(home, "x.csv", b"a,b\n1,2\n")
    assert not list(tmp_path.glob("*.csv"))


def test_the_log_is_not_written_through_a_link(home, tmp_path):
    (home / "launched").mkdir(parents=True)
    (tmp_path / "precious").write_text("kept")
    (home / "launched" / "mine.log").symlink_to(tmp_path / "precious")

    with pytest.raises(OSError, match="symbolic links"):
        launch_process.start(home, "mine", ("list", "optimizers"))
    assert (tmp_path / "precious").read_text() == "kept"
    assert launch_process.names(home) == ()


def test_a_journal_that_is_a_link_to_elsewhere_is_no_study(home, tmp_path):
    create_study(home, "mine", direction="maximize", manifest=StudyManifest.from_dict({}))
    (tmp_path / "elsewhere").write_text("half a line")
    (home / "studies" / "other.journal").symlink_to(tmp_path / "elsewhere")

    assert reads.names(home) == ("mine",)
    with pytest.raises(StudyNotFound):
        reads.study(home, "other")
    assert (tmp_path / "elsewhere").read_text() == "half a line"


@pytest.mark.parametrize("reference", ["os:system", "__main__:x", "net.py:Net", "../net.py:Net"])
def test_code_is_refused_unless_the_page_was_started_with_allow_code(home, reference):
    for form in (replace(ASKED, model=reference), replace(ASKED, source=reference)):
        (line,) = problems(form, home, allow_code=False).values()
        assert "start it with: advisor dashboard --allow-code" in line
        assert problems(form, home, allow_code=True) == {}


def test_nothing_of_the_users_own_is_imported_where_code_is_refused(code, refusing):
    reference, mark = code

    with pytest.raises(BadWorkload, match="allow it with: advisor dashboard --allow-code"):
        imports.load(reference)
    assert not mark.exists()


def test_a_search_from_the_page_imports_nothing_of_the_users_own(home, code, refusing):
    reference, mark = code
    launch_process.start(
        home, "mine", ("search", "iris", f"--model={reference}", "--study=mine", f"--home={home}")
    )
    wait_until(lambda: not launch_process.running(home, "mine"), "the process ends")

    assert "is code, which is not run here" in launch_process.failure(home, "mine")
    assert not mark.exists()


def with_own_model(home, reference):
    """Create a study of the user's own model and rule, with a trial."""
    plan = {
        "candidates": ["AdamW"], "metric": "accuracy", "goal": "balanced", "valid_rows": 360, "limits": {},
        "model": "Custom", "budget": {"seconds": 20.0, "trials": None}, "facts": facts().to_dict(),
        "code": {reference: "0"},
        "workload": {
            "source": "iris", "model": "Custom", "model_fields": {"factory": reference}, "metric": "accuracy",
        },
    }  # fmt: skip
    study = create_study(home, "own", direction="maximize", manifest=StudyManifest.from_dict(plan))
    import optuna

    trial = record(0, "AdamW", 0.9, params={"model": "Custom", "model.Custom.factory": reference})
    study.add_trial(optuna.trial.create_trial(value=0.9, user_attrs={"record": trial.to_dict()}))


@pytest.mark.parametrize("view", ["recommendation", "trials", "compression"])
def test_a_study_of_the_users_own_model_is_read_without_importing_it(home, code, refusing, view):
    reference, mark = code
    with_own_model(home, reference)

    def script(home, view):
        from importlib import import_module
        from pathlib import Path

        import_module(f"dashboard.views.{view}").show(Path(home), "own")

    page = AppTest.from_function(script, args=(str(home), view), default_timeout=HANG_SECONDS).run()
    assert not page.exception
    assert not mark.exists()


def test_a_study_of_the_users_own_model_is_not_gone_on_with(home, code):
    reference, _ = code
    with_own_model(home, reference)

    page = opened(home)
    assert not page.exception
    assert "resume-own" not in {button.key for button in page.button}
    assert any("--allow-code" in caption.value.replace("\\", "") for caption in page.caption)
    assert "resume-own" in {button.key for button in opened(home, allow_code=True).button}


def test_the_form_starts_nothing_that_cannot_be_read(home):
    page = built_in(home)
    assert (
        page.code[0].value == f"advisor search digits --budget=60s --study=digits-1 --home={home.resolve()}"
    )
    assert not page.button(key="start").disabled

    page.text_input(key="memory").set_value("many").run()
    assert "size 'many' is not understood" in page.info[0].value.replace(chr(92), "")
    assert page.button(key="start").disabled
    page.text_input(key="memory").set_value("64MiB").run()
    assert "--memory=64MiB" in page.code[0].value

    page.radio(key="data").set_value("File in the home").run()
    assert "choose the data first" in page.info[0].value.replace(chr(92), "")
    assert page.button(key="start").disabled


def test_a_started_search_says_its_one_line_when_it_fails(home):
    page = built_in(home)
    page.selectbox(key="dataset").set_value("iris").run()
    page.text_input(key="budget").set_value("1trials").run()
    page.text_input(key="memory").set_value("1k").run()
    page.button(key="start").click().run()
    assert not page.exception
    wait_until(lambda: not launch_process.running(home, "iris-1"), "the process ends")
    page.run()

    assert launch_process.failure(home, "iris-1")
    assert page.error[0].value.replace("\\", "").startswith(launch_process.failure(home, "iris-1")[:20])


def test_a_process_outlives_whoever_started_it_and_stops_on_request(home):
    script = (
        "import sys; from pathlib import Path; from advisor.agents import launch_process; "
        f"launch_process.start(Path({str(home)!r}), 'mine', ('search', 'iris', '--budget=2h', '--exhaust', "
        f"'--tracking-uri=off', '--study=mine', '--home={home}'))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])

    assert launch_process.running(home, "mine")
    with pytest.raises(StoreError, match="still runs"):
        launch_process.start(home, "mine", ("list", "optimizers"))
    wait_until(
        lambda: "mine" in study_names(home) and "race" in "".join(launch_process.log_lines(home, "mine")),
        "the search races",
    )
    launch_process.stop(home, "mine")
    wait_until(lambda: not launch_process.running(home, "mine"), "the process ends")
    assert reads.study(home, "mine").finished
    assert launch_process.failure(home, "mine") == ""
    assert reads.study(home, "mine").manifest.stopped == "asked"
    assert any("stopped as asked" in line for line in launch_process.log_lines(home, "mine"))
    with pytest.raises(StoreError, match="nobody works on study"):
        launch_process.stop(home, "mine")


def test_the_server_is_private_by_default():
    settings = options("127.0.0.1", 8501)

    assert settings["server.address"] == "127.0.0.1"
    assert settings["browser.gatherUsageStats"] == "false"
    assert settings["server.enableXsrfProtection"] == settings["server.enableCORS"] == "true"
    assert settings["server.enableStaticServing"] == "false"
    assert int(settings["server.maxUploadSize"]) == 200


def test_looking_at_the_page_writes_nothing(home):
    assert not opened(home).exception
    assert not home.exists()


def test_a_study_of_a_hostile_name_does_not_harm_the_page(home, tmp_path):
    create_study(home, "mine", direction="maximize", manifest=StudyManifest.from_dict({}))
    (home / "studies" / "mine.journal").rename(home / "studies" / "<script>; rm -rf **x**.journal")
    (home / "launched").symlink_to(tmp_path)
    (tmp_path / "other.log").write_text("advisor: not of this home\n")
    page = opened(home)

    assert not page.exception
    assert launch_process.names(home) == ()
    assert not any(
        "<script>" in markdown.value or "not of this home" in markdown.value for markdown in page.markdown
    )
    launch_process.forget(home, "other")
    assert (tmp_path / "other.log").exists()


def test_free_names_are_ones_that_a_study_can_have(home):
    for source in ("digits", "/a/b/<script>.csv", "../..", "net.py:Net", "...", "x" * 300):
        form = replace(ASKED, study=data_files.name_for(home, source))
        assert problems(form, home, allow_code=False) == {}
