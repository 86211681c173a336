"""Passwords and tokens of a tracking address: nowhere but in memory and in the environment of a child."""

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.jobs.reopening import reopen
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from studies.errors import StoreError
from studies.limits import Budget
from studies.storage.home import journal_path
from studies.storage.journal import create_study, manifest_of, open_study
from studies.storage.manifest import StudyManifest
from studies.tracking.address import OFF, PASSWORD, TOKEN, USER, VARIABLE, hidden, masked, stored, whole
from studies.tracking.process import Mirror
from studies.tracking.sink import sync

from mirrored_runs import PLAN, add, trial
from training_functions import descend
from waiting import wait_until

PRINTED = st.characters(min_codepoint=33, exclude_categories=["Cs"], exclude_characters="\x7f")
WORD = st.text(PRINTED, min_size=8, max_size=20)


@contextmanager
def refusing():
    """A server that wants a password it never gets; yields its address and the accounts that it was told."""
    accounts = []

    class Refusal(BaseHTTPRequestHandler):
        def do_GET(self):
            accounts.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - named by the standard library

        def log_message(self, *args): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", accounts
        server.shutdown()
        thread.join()


@given(user=WORD, password=WORD, token=WORD)
def test_a_message_holds_nothing_of_user_password_and_token(user, password, token):
    account = f"{quote(user, safe='')}:{quote(password, safe='')}"
    address = f"postgresql://{account}@lab:5432/runs?sslmode=require&access_token={quote(token, safe='')}"
    words = f"cannot reach {address}: user '{user}', password={password} ({token})"
    assume(not {user, password, token} & set(words.replace(address, "").split()[:2]))

    said = masked(words, address)

    for secret in (user, password, token, quote(user, safe=""), quote(password, safe="")):
        assert secret not in said
        assert secret not in hidden(address)
    assert "@lab:5432/runs?sslmode=require" in said


@pytest.mark.parametrize(
    "address",
    ["http://ada:p@ss/w#rd?@lab:5000", "http://secret-token@lab", "postgresql://ada:p/w@lab/runs",
     "mysql+pymysql://:only@lab/runs", "http://lab/?api_key=abcdefgh"],
)  # fmt: skip
def test_a_password_that_ought_to_be_in_escapes_is_hidden_too(address):
    said = hidden(address)

    assert not any(part in said for part in ("ada", "ss/w", "secret", "p/w", "only", "abcdefgh"))
    assert "lab" in said


@pytest.mark.parametrize(
    "address",
    ["http://lab:5000/path@2", "sqlite:////home/a@b/mlflow.db", "file:///home/a@b", "postgresql://ada@lab/runs",
     "http://lab?compress=yes"],
)  # fmt: skip
def test_an_address_without_secrets_stays_as_it_is_in_a_journal(address):
    assert stored(address) == address
    assert whole(address) == address


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux shows command lines there")
def test_the_mirror_gets_a_password_through_its_environment_and_never_on_its_command_line(home):
    create_study(home, "s", direction="maximize", manifest=StudyManifest.from_dict(PLAN))
    with refusing() as (server, accounts):
        mirror = Mirror.start(home, "s", f"http://ada:open-sesame@{server}")
        wait_until(lambda: accounts, "it asked the server")
        command = Path(f"/proc/{mirror._process.pid}/cmdline").read_bytes()
        said = mirror.finish(60)

    assert b"studies.tracking.process" in command
    assert b"sesame" not in command
    assert set(accounts) == {"Basic YWRhOm9wZW4tc2VzYW1l"}
    assert f"MLflow at http://***@{server} cannot be written" in said
    assert "sesame" not in said
    assert "ada" not in said


def searched(home, address):
    request = Request(source=descend, epochs=1, budget=Budget(trials=1), study="s", tracking_uri=address)
    return prepare(request, home)


def test_a_study_goes_on_with_the_password_that_the_environment_has(home, monkeypatch):
    searched(home, "http://ada:open-sesame@mlflow.lab")
    left_out = reopen(home, "s")
    monkeypatch.setenv(VARIABLE, "http://ada:open-sesame@mlflow.lab")
    from_the_address = reopen(home, "s")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv(USER, "ada")
    monkeypatch.setenv(PASSWORD, "open-sesame")

    assert b"sesame" not in journal_path(home, "s").read_bytes()
    assert manifest_of(open_study(home, "s")).tracking_uri == "http://***@mlflow.lab"
    assert left_out.tracking_uri == OFF
    assert "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in left_out.notes[-1]
    assert from_the_address.tracking_uri == "http://ada:open-sesame@mlflow.lab"
    assert reopen(home, "s").tracking_uri == "http://mlflow.lab"  # MLflow reads these two itself


def test_a_database_gets_user_and_password_from_mlflows_variables(monkeypatch):
    monkeypatch.setenv(USER, "ada")
    monkeypatch.setenv(PASSWORD, "p@ss/w")

    assert whole("postgresql://***@lab/runs") == "postgresql://ada:p%40ss%2Fw@lab/runs"


def test_sync_asks_for_a_password_that_is_nowhere_in_one_line(home, inside):
    create_study(
        home, "s", direction="maximize",
        manifest=StudyManifest.from_dict(PLAN | {"tracking_uri": "http://***@mlflow.lab"}),
    )  # fmt: skip

    said = inside("sync", "s", "--home", str(home)).stderr

    assert said.count("\n") == 1
    assert "the password of http://***@mlflow.lab is kept nowhere; set MLFLOW_TRACKING_USERNAME" in said


def test_what_the_variables_hold_is_sent_and_masked(home, monkeypatch):
    add(create_study(home, "s", direction="maximize", manifest=StudyManifest.from_dict(PLAN)), trial(0))
    monkeypatch.setenv(TOKEN, "open-sesame")
    with refusing() as (server, accounts), pytest.raises(StoreError) as refused:
        sync(home, "s", tracking_uri=f"http://{server}/?key=abcdefgh")

    assert set(accounts) == {"Bearer open-sesame"}
    assert "abcdefgh" not in str(refused.value)


def test_the_line_that_says_where_runs_go_names_the_variables(home, monkeypatch):
    monkeypatch.setenv(VARIABLE, "http://mlflow.lab")
    monkeypatch.setenv(TOKEN, "open-sesame")

    notes = searched(home, None).notes

    assert "as MLFLOW_TRACKING_URI says, with MLFLOW_TRACKING_TOKEN" in notes[-1]
    assert "sesame" not in notes[-1]


@pytest.mark.parametrize("place", ["a file/mlruns", "sqlite:///{folder}", "file://{folder}/a%20file/x"])
def test_an_address_in_a_file_or_over_a_folder_is_refused_before_the_search(place, tmp_path, inside):
    (tmp_path / "a file").touch()

    ended = inside("search", "iris", "--tracking-uri", place.format(folder=tmp_path), "--budget", "1trial")

    assert ended.returncode == 2
    assert "cannot be written" in ended.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_an_address_in_a_folder_without_the_right_to_write_is_refused(tmp_path, inside):
    tmp_path.chmod(0o500)

    ended = inside("search", "iris", "--tracking-uri", str(tmp_path / "runs"), "--budget", "1trial")

    assert "cannot be written" in ended.stderr


@pytest.mark.parametrize("kind", ["mlflow", "optuna"])
def test_an_import_says_and_keeps_no_password(kind, home, inside):
    with refusing() as (server, _):
        scheme = "http" if kind == "mlflow" else "postgresql"
        said = inside(
            "import", kind, f"{scheme}://ada:open-sesame@{server}/runs?token=abcdefgh", "--home", str(home)
        )

    assert said.returncode == 2
    assert "***@" in said.stderr
    assert not any(secret in said.stderr for secret in ("sesame", "abcdefgh", "ada"))
