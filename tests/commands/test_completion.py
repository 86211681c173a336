"""The shell completes commands, options and names; the real bash does, and nothing heavy is loaded for it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from advisor.cli.app import COMMANDS, app
from advisor.cli.help import FIRST, GROUPS, MANY, PANELS
from studies.storage import journal
from studies.storage.manifest import StudyManifest

HEAVY = ("torch", "sklearn", "mlflow", "streamlit", "pandas", "optuna", "scipy", "plotly", "mcp")


def run(words, **variables):
    code = (
        "import sys; sys.argv = ['advisor', *sys.argv[1:]]\n"
        "from advisor.cli.app import main\n"
        "try:\n    main()\nfinally:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "[]"
    return done.stdout.split()


def completed(*words):
    """Return what the last of these words is completed to."""
    line = {"COMP_WORDS": " ".join(["advisor", *words]), "COMP_CWORD": str(len(words))}
    return run([], _ADVISOR_COMPLETE="complete_bash", **line)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("sea",), ["search"]),
        (("search", "dig"), ["digits"]),
        (("search", "digits", "--optimizers", "adamw,nest"), ["adamw,nesterov"]),
        (("search", "digits", "--goal", "s"), ["speed"]),
        (("search", "digits", "--model", "cn"), ["cnn"]),
        (("search", "digits", "--save"), ["--save-config"]),
        (("list", "opt"), ["optimizers"]),
        (("explain", "Muo"), ["Muon"]),
        (("search", "no-such-data"), []),
    ],
)
def test_a_word_is_completed_from_names_alone(words, offered):
    assert completed(*words) == offered


def test_the_names_of_the_studies_of_a_home_are_offered(tmp_path, monkeypatch):
    manifest = StudyManifest.from_dict({"metric": "accuracy"})
    for home, name in ((tmp_path, "there-1"), (tmp_path / "usual", "here-1")):
        home.mkdir(exist_ok=True)
        journal.create_study(home, name, direction="maximize", manifest=manifest)
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "usual"))

    assert completed("recommend", "h") == ["here-1"]
    assert completed("recommend", "--home", str(tmp_path), "t") == ["there-1"]


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_the_real_bash_completes_after_its_script_was_sourced():
    program = Path(sys.executable).parent / "advisor"
    lines = (
        "source <(_ADVISOR_COMPLETE=source_bash advisor)",
        "COMP_WORDS=(advisor search dig) COMP_CWORD=2",
        "_advisor_completion advisor",
        'echo "${COMPREPLY[@]}"',
        "complete -p advisor",
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)],
        env=os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == ["digits", "complete -o default -F _advisor_completion advisor"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell):
    script = " ".join(run([], _ADVISOR_COMPLETE=f"source_{shell}"))

    assert f"_ADVISOR_COMPLETE=complete_{shell}" in script


def test_every_command_has_one_place_in_the_help():
    names = [command.__name__.rstrip("_") for command in COMMANDS]
    places = [*FIRST, *(name for group in GROUPS.values() for name in group)]

    assert len(places) == len(set(places))
    assert set(names) <= set(places)
    lines = [line.split() for line in _help().splitlines() if line.startswith("  ") and line.split()]
    shown = [words[words[0] == "advisor"] for words in lines if len(words) > 1]
    assert [name for name in shown if name in places] == [name for name in places if name in names]


def test_without_a_command_the_overview_fits_80_columns_and_24_lines_and_names_every_command():
    done = subprocess.run([sys.executable, "-m", "advisor"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()

    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    for command in COMMANDS:
        assert re.search(rf"\b{command.__name__.rstrip('_')}\b", done.stdout)


@pytest.mark.parametrize(("name", "example"), [(name, example) for name, (example, _) in FIRST.items()])
def test_the_examples_of_the_first_hour_are_taken_by_their_commands(name, example):
    program, command, *words = example.split()

    assert (program, command) == ("advisor", name)
    assert get_command(app).commands[name].make_context(name, words).params


@pytest.mark.parametrize("name", ["search", "profile", "recommend"])
def test_every_option_of_a_command_that_has_many_stands_under_a_heading(name):
    command = get_command(app).commands[name]
    options = {option.name for option in command.params if option.param_type_name == "option"}
    grouped = [option for names in PANELS.values() for option in names]

    assert len(grouped) == len(set(grouped))
    assert len(options) > MANY
    assert options <= set(grouped)
    shown = subprocess.run(
        [sys.executable, "-m", "advisor", name, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert all(f"--{option}".replace("_", "-") in shown for option in options - {"everything"})
    assert "\nBudget and limits:\n" in shown


def _help():
    return subprocess.run(
        [sys.executable, "-m", "advisor", "--help"], capture_output=True, text=True, check=True
    ).stdout


def test_the_help_fits_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, _help().splitlines())) <= 80


def test_the_version_is_told_on_the_line_and_in_code():
    import advisor

    assert run(["--version"]) == ["optimizer-advisor", advisor.__version__]
