"""JSON Schemas are what the commands print, for real outputs and for the answers of generated studies."""

from __future__ import annotations

import json

import pytest
import typer
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from typer.testing import CliRunner

from advisor.cli.app import app
from advisor.cli.listing import KINDS
from advisor.cli.schemas.outputs import OUTPUTS, schema
from studies.errors import UnknownChoice
from studies.storage.journal import dump

from made_studies import answered, evidences

VALIDATORS = {command: Draft202012Validator(schema(command)) for command in OUTPUTS}
RUNS = "optimizer,lr,epochs,accuracy,host\nSGD,0.1,5,0.91,a\nSGD,0.01,5,,b\nAdamW,0.001,5,0.8,c\n"


def refuse(word):
    raise AssertionError(f"{word} is no JSON")


def plain(text):
    return json.loads(text, parse_constant=refuse)


def printed(home, *words):
    named = {"ADVISOR_HOME": str(home)}
    done = CliRunner().invoke(app, [*words, "--json"], env=named, catch_exceptions=False)
    return plain(done.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a study of its own and an imported one, and what the commands printed on the way."""
    home = tmp_path_factory.mktemp("home")
    (home / "runs.csv").write_text(RUNS)
    few = ("--epochs", "3", "--tracking-uri", "off")
    outputs = {
        "profile": printed(home, "profile", "iris", "--memory", "1MB"),
        "search": printed(home, "search", "iris", "--study", "iris", "--budget", "4trials", *few),
        "resume": printed(home, "resume", "iris", "--budget", "5trials"),
        "import": printed(home, "import", "csv", str(home / "runs.csv"), "--name", "theirs"),
        "recommend": printed(home, "recommend", "iris", "--model-size", "1MB"),
        "ablate": printed(home, "ablate", "iris", "--seeds", "1"),
        "doctor": printed(home, "doctor"),
        "list": printed(home, "list"),
    }
    return home, outputs


@pytest.mark.parametrize(
    "command", ["profile", "search", "resume", "recommend", "ablate", "import", "doctor", "list"]
)
def test_what_a_command_prints_is_of_its_schema(home, command):
    VALIDATORS[command].validate(home[1][command])


@pytest.mark.parametrize("study", ["iris", "theirs"])
def test_trials_and_answers_of_any_study_are_of_their_schemas(home, study):
    VALIDATORS["list trials"].validate(printed(home[0], "list", "trials", study))
    VALIDATORS["recommend"].validate(printed(home[0], "recommend", study))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"trials"}))
def test_every_kind_of_list_is_of_its_schema(home, kind):
    rows = printed(home[0], "list", kind)

    assert rows
    VALIDATORS[f"list {kind}"].validate(rows)


@pytest.mark.slow
def test_what_compress_prints_is_of_its_schema(home):
    printed(home[0], "search", "iris", "--study", "small", "--budget", "3trials", "--epochs", "3",
            "--tracking-uri", "off")  # fmt: skip
    outcome = printed(home[0], "compress", "small", "--budget", "155trials")

    assert outcome["pareto"]
    VALIDATORS["compress"].validate(outcome)


@settings(max_examples=40, deadline=None)
@given(evidence=evidences())
def test_the_answer_to_any_study_is_of_the_schema_and_holds_no_nan(evidence):
    if (answer := answered(evidence)) is not None:
        VALIDATORS["recommend"].validate(plain(dump(answer.to_dict())))


@pytest.mark.parametrize("command", ["profile", "search", "recommend", "import", "doctor"])
def test_a_field_that_no_schema_knows_is_refused_and_one_that_lacks_too(home, command):
    output = home[1][command]
    with pytest.raises(ValidationError):
        VALIDATORS[command].validate(output | {"colour": "blue"})
    for name in schema(command)["required"]:
        assert not VALIDATORS[command].is_valid({key: value for key, value in output.items() if key != name})


def test_an_unknown_figure_of_a_statement_is_refused(home):
    answer = home[1]["recommend"]
    figures = answer["headline"]["figures"] | {"colour": "blue"}

    assert not VALIDATORS["recommend"].is_valid(
        answer | {"headline": answer["headline"] | {"figures": figures}}
    )


@pytest.mark.parametrize("command", OUTPUTS)
def test_every_schema_is_one(command):
    Draft202012Validator.check_schema(schema(command))


def test_the_schema_of_a_command_is_printed_and_one_without_json_is_refused_with_those_that_have_it():
    for words in (["recommend"], ["list", "trials"]):
        done = CliRunner().invoke(app, ["schema", *words], catch_exceptions=False)
        assert plain(done.stdout) == schema(" ".join(words))
    with pytest.raises(UnknownChoice, match=r"did you mean 'recommend'.* Allowed: profile, .*doctor"):
        CliRunner().invoke(app, ["schema", "recomend"], catch_exceptions=False)


def test_every_command_with_json_has_a_schema():
    commands = typer.main.get_command(app).commands
    with_json = {
        name for name, command in commands.items() if "json" in {option.name for option in command.params}
    }

    assert with_json == {command.split()[0] for command in OUTPUTS}
