"""Addresses of MLflow: what the environment says, what can never work, and homes with odd letters."""

from __future__ import annotations

import os
import shutil
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from studies.errors import BadValue
from studies.limits import Budget
from studies.storage import journal
from studies.storage.home import journal_path
from studies.storage.journal import create_study
from studies.storage.manifest import StudyManifest
from studies.tracking.address import SCHEMES, address_of, check_address
from studies.tracking.server import set_up
from studies.tracking.sink import default_uri, sync

from mirrored_runs import PLAN, add, trial
from training_functions import descend


def test_mlflows_own_variable_says_where_when_nothing_else_does(monkeypatch, home):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:secret@mlflow.lab:5000")
    request = Request(source=descend, epochs=1, budget=Budget(trials=1))

    session = prepare(request, home)

    manifest = journal.manifest_of(journal.open_study(home, session.name))
    assert manifest.tracking_uri == "http://***@mlflow.lab:5000"
    assert session.tracking_uri == "http://ada:secret@mlflow.lab:5000"
    assert b"secret" not in journal_path(home, session.name).read_bytes()
    assert "secret" not in f"{session} {request}"
    assert session.notes[-1].startswith(
        "MLflow runs go to http://***@mlflow.lab:5000, as MLFLOW_TRACKING_URI says"
    )


@pytest.mark.parametrize(("stated", "expected"), [("off", "off"), ("http://there", "http://there")])
def test_what_is_stated_goes_before_the_variable(monkeypatch, stated, expected):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")

    assert address_of(stated) == (expected, "")


@pytest.mark.parametrize("stated", [None, ""])
def test_without_either_runs_go_to_the_home(stated):
    assert address_of(stated) == (None, "")


@pytest.mark.parametrize(
    "address",
    ["foo://x", "htp://mlflow.lab", "localhost:5000", "http:mlflow.lab", "http://", "http://[", "ftp://x/y"],
)
def test_an_address_that_mlflow_can_never_have_is_refused_before_the_search(address, inside):
    ended = inside("search", "iris", "--tracking-uri", address, "--budget", "1trial")

    assert ended.returncode == 2
    assert "tracking address" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "address",
    ["mlruns", "./a folder", r"C:\runs", "databricks", "postgresql+psycopg2://ada@lab/runs", "file:runs",
     *(f"{scheme}://lab/runs" for scheme in SCHEMES)],
)  # fmt: skip
def test_an_address_that_mlflow_may_have_is_taken(address):
    check_address(address)


@given(address=st.text())
def test_any_text_is_taken_or_refused_in_one_line(address):
    refusal = ""
    try:
        check_address(address)
    except BadValue as error:
        refusal = str(error)

    assert refusal == "" or refusal.isprintable()


@pytest.fixture(scope="module")
def new_database(tmp_path_factory):
    """A database as MLflow makes it, with nothing of ours: making one takes seconds."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("mlflow")
    set_up()
    with warnings.catch_warnings(action="ignore"):  # those of MLflow's own parts
        MlflowClient(tracking_uri=default_uri(folder)).search_experiments()
    return folder / "mlflow.db"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    folder=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=40
    )
)
@example(folder="my runs")
@example(folder="c#1")
@example(folder="what?x=1")
@example(folder="50%20off")
@example(folder="a&b+c;d")
@example(folder="~")
@example(folder="sqlite:")
def test_the_mirror_lies_in_its_home_whatever_that_is_called(folder, new_database):
    assume(folder not in {".", ".."} and len(os.fsencode(folder)) < 200)
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_RUN_ID", "0123456789abcdef0123456789abcdef")
        patched.setenv("MLFLOW_EXPERIMENT_NAME", "team")
        patched.chdir(place)
        home = Path(place) / folder
        home.mkdir()
        shutil.copy(new_database, home)
        plan = StudyManifest.from_dict(PLAN | {"recommendation": {"markdown": "Use AdamW.", "json": "{}"}})
        add(create_study(home, "s", direction="maximize", manifest=plan), trial(0))

        assert sync(home, "s") == 1

        with closing(sqlite3.connect(home / "mlflow.db")) as database:
            assert database.execute("select count(*) from runs").fetchone() == (2,)
        assert [path.name for path in Path(place).iterdir()] == [folder]
        assert [path.read_text() for path in home.rglob("recommendation.md")] == ["Use AdamW."]
