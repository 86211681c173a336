"""A configuration file says what the command line says: every option, checked, written and read back."""

import tomllib
from dataclasses import fields, replace
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from advisor.cli import app as command_line
from advisor.cli.arguments import ProfileArguments, SearchArguments
from advisor.cli.config import UNWRITTEN, options, read_config, write_config
from studies.errors import BadValue, StoreError, StudyError

KINDS = [ProfileArguments, SearchArguments]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
OF_TYPE = {
    str: TEXT,
    int: st.integers(-(2**62), 2**62),
    bool: st.booleans(),
    Path: st.from_regex("[a-z./-]{1,9}", fullmatch=True).map(Path),
    list[str]: st.lists(TEXT, max_size=3),
}


def values_of(hint):
    parts = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    return st.one_of([st.none() if part is type(None) else OF_TYPE[part] for part in parts])


def any_arguments(kind):
    hints = get_type_hints(kind)
    drawn = {f.name: values_of(hints[f.name]) for f in fields(kind) if f.name not in UNWRITTEN}
    return st.builds(kind, **drawn)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_written_is_read_back_whatever_the_options(tmp_path_factory, kind, data):
    arguments = data.draw(any_arguments(kind))
    path = tmp_path_factory.mktemp("config") / "search.toml"

    write_config(path, arguments)

    assert kind(**read_config(path, kind)) == arguments


def typed(words, monkeypatch):
    """Return the arguments that a command line makes, without running the command."""
    met = []
    monkeypatch.setattr(SearchArguments, "request", lambda self: met.append(self) or _stop())
    result = CliRunner().invoke(command_line.app, ["search", *words], standalone_mode=False)
    if isinstance(result.exception, StudyError) and not met:
        raise result.exception
    return met[0]


def _stop():
    raise StoreError("far enough")


@pytest.mark.parametrize("option", sorted(options(SearchArguments)))
def test_the_command_line_goes_before_the_file(tmp_path, monkeypatch, option):
    path = tmp_path / "s.toml"
    in_file, on_line = VALUES[options(SearchArguments)[option][0]]
    source = "" if option == "source" else 'source = "iris"\n'
    path.write_text(f"{source}{option.replace('_', '-')} = {in_file[0]}\n")

    of_file = typed(["--config", str(path)], monkeypatch)
    assert getattr(of_file, option) == in_file[1]

    flag = "" if option == "source" else f"--{option.replace('_', '-')}"
    words = [word for word in (flag, on_line[0]) if word]
    of_both = typed(["--config", str(path), *words], monkeypatch)
    assert getattr(of_both, option) == on_line[1]
    assert replace(of_both, **{option: in_file[1]}) == of_file


VALUES = {
    str: (('"x"', "x"), ("y", "y")),
    int: (("3", 3), ("4", 4)),
    bool: (("false", False), ("", True)),
    Path: (('"x"', Path("x")), ("y", Path("y"))),
    list[str]: (('["x", "z"]', ["x", "z"]), ("y", ["y"])),
}
"""For each type: what stands in the file and what that means, what stands on the line and what that means."""


def test_a_list_of_names_and_a_number_are_taken_as_they_are_meant(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('source = "iris"\noptimizers = ["AdamW", "Lion"]\nbatch-size = 64\nmissing = "unknown"\n')

    request = SearchArguments(**read_config(path, SearchArguments)).request()

    assert (request.optimizers, request.batch_size, request.missing) == (
        ("AdamW", "Lion"),
        "64",
        ("unknown",),
    )


def test_one_file_serves_both_commands(tmp_path):
    path = tmp_path / "s.toml"
    write_config(path, SearchArguments(source="iris", epochs=3))

    entries = read_config(path, ProfileArguments, beside=(SearchArguments,))

    assert ProfileArguments(**entries) == ProfileArguments(source="iris", epochs=3)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("epocs = 3", "there is no option 'epocs'; did you mean 'epochs'?"),
        ("config = 'x.toml'", "there is no option 'config'"),
        ("epochs = 'many'", "epochs = 'many' cannot be used; give a whole number"),
        ("epochs = true", "epochs = True cannot be used; give a whole number"),
        ("epochs = 2.5", "epochs = 2.5 cannot be used; give a whole number"),
        ("seed = []", "seed = [] cannot be used; give a whole number"),
        ("target = ['a']", "target = ['a'] cannot be used; give a text"),
        ("pretrained = 1", "pretrained = 1 cannot be used; give true or false"),
        ("rule = 3", "rule = 3 cannot be used; give a list of texts"),
        ("[search]\nepochs = 3", "there is no option 'search'"),
        ("epochs = ", "is not TOML"),
        ("\x00", "is not TOML"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_file_and_key(tmp_path, text, line):
    path = tmp_path / "bad.toml"
    path.write_text(text)

    with pytest.raises(BadValue) as error:
        read_config(path, SearchArguments)

    assert str(error.value).startswith(str(path))
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_is_no_text_is_one_line(tmp_path):
    with pytest.raises(StoreError, match=r"no file .*write one with"):
        read_config(tmp_path / "none.toml", SearchArguments)
    with pytest.raises(StoreError, match="cannot be read"):
        read_config(tmp_path, SearchArguments)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadValue, match="is not TOML"):
        read_config(tmp_path / "binary.toml", SearchArguments)


def test_nothing_but_toml_is_written_over(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n")

    with pytest.raises(BadValue, match=r"must end with .toml"):
        write_config(table, SearchArguments(source="iris"))

    assert table.read_text() == "a,b\n"


def test_data_that_is_named_nowhere_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(BadValue, match="no data is named; name it: advisor search digits"):
        typed([], monkeypatch)
    (tmp_path / "s.toml").write_text("epochs = 3\n")
    with pytest.raises(BadValue, match=r"no data is named; name it: source = ... in .*s.toml"):
        typed(["--config", str(tmp_path / "s.toml")], monkeypatch)


def test_a_search_writes_what_it_was_asked_with_its_defaults(tmp_path, monkeypatch):
    path = tmp_path / "asked.toml"
    monkeypatch.chdir(tmp_path)
    words = ["profile", "iris", "--epochs", "3", "--save-config", str(path)]

    result = CliRunner().invoke(command_line.app, words, standalone_mode=False)

    assert result.exception is None
    written = tomllib.loads(path.read_text())
    assert (written["source"], written["epochs"], written["seed"], written["device"]) == (
        "iris",
        3,
        0,
        "auto",
    )
