"""The page's server, a real one: who may ask it, with what Host, Origin and token, and how much at most."""

import os
import re
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.guard import SMALL_BYTES, Guard
from studies.child_process import command_of

from waiting import ANSWER_SECONDS, free_port, wait_until

STREAM = "/_stcore/stream"
UPLOAD = "/_stcore/upload_file/session/file"
PLACES = (
    "/",
    "/_stcore/health",
    "/_stcore/host-config",
    "/media/x.png",
    UPLOAD,
    "/component/x",
    "/static/x.js",
)


@dataclass(frozen=True)
class Page:
    """A page that runs: where, and what it said of that."""

    port: int
    said: str

    def ask(self, place="/", method="GET", body=None, **headers):
        """Return the status, the headers and the body of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.putrequest(method, place, skip_host=True)
            for name, value in ({"Host": f"localhost:{self.port}"} | headers).items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def listen(self, **headers):
        """Open the websocket and close it again; raise InvalidStatus when it is refused."""
        address = f"ws://{headers.pop('Host', f'localhost:{self.port}')}{STREAM}"
        sock = socket.create_connection(("127.0.0.1", self.port))
        with connect(address, sock=sock, additional_headers=headers, subprotocols=["streamlit"], proxy=None):
            pass


@contextmanager
def running(place, *options):
    """A page of its own in a working directory; yields it once it answers."""
    port = free_port()
    said = place / "said.txt"
    with said.open("w") as log:
        process = subprocess.Popen(
            command_of("advisor", "dashboard", "--port", str(port), "--home", str(place / "home"), *options),
            cwd=place, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    page = Page(port=port, said="")
    try:
        wait_until(lambda: process.poll() is not None or page.ask()[0], "the page answers")
        assert process.poll() is None, said.read_text()
        yield Page(port=port, said=said.read_text())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page for this machine alone, beside files that are called like modules of ours and of Python."""
    place = tmp_path_factory.mktemp("page")
    for name in (
        "queue",
        "random",
        "streamlit",
        "starlette",
        "uvicorn",
        "server",
        "guard",
        "advisor",
        "dashboard",
    ):
        (place / f"{name}.py").write_text("import pathlib; pathlib.Path('taken').touch()\n")
    with running(place) as served:
        yield served
    assert not (place / "taken").exists()


@pytest.fixture(scope="module")
def open_page(tmp_path_factory):
    """A page that other machines can reach, and its token."""
    with running(tmp_path_factory.mktemp("open"), "--host=0.0.0.0") as served:
        yield served, re.search(r"\?token=([\w-]+)", served.said)[1]


def test_it_says_where_it_is_and_for_whom(page, open_page):
    assert f"the page: http://127.0.0.1:{page.port} (this machine alone" in page.said
    assert f":{open_page[0].port}/?token=" in open_page[0].said
    assert "nothing on its way is encrypted" in open_page[0].said


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]
)
def test_another_host_is_refused_everywhere(page, place, host):
    for method in ("GET", "PUT") if place == UPLOAD else ("GET",):
        status, _, body = page.ask(place, method, Host=f"{host}:{page.port}", **{"Content-Length": "0"})

        assert status == 403
        assert b"answers only at the address" in body


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST", "[::1]"])
def test_names_of_this_machine_are_answered_at_any_port_that_was_forwarded(page, name):
    assert page.ask(Host=f"{name}:9999")[0] == 200


def test_the_websocket_opens_for_this_page_and_for_no_other(page):
    page.listen()
    page.listen(Origin=f"http://localhost:{page.port}")
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": f"http://localhost:{page.port + 1}"},
        {"Origin": "null"},
        {"Host": f"evil.example:{page.port}", "Origin": f"http://evil.example:{page.port}"},
    ):
        with pytest.raises(InvalidStatus) as refused:
            page.listen(**headers)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("place", PLACES)
def test_a_request_out_of_another_page_is_refused(page, place):
    assert page.ask(place, Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize("place", [*PLACES, "/?token=", "/?token=wrong", "/?token=%00"])
def test_without_its_token_an_open_page_answers_nobody(open_page, place):
    page, _ = open_page
    status, headers, body = page.ask(place)

    assert status == 403
    assert b"token" in body
    assert "set-cookie" not in headers
    with pytest.raises(InvalidStatus):
        page.listen()


def test_the_token_opens_a_page_once_and_for_all(open_page):
    page, token = open_page
    status, headers, _ = page.ask(f"/optimizers?study=s%20%231&token={token}", Host="any.name:80")
    cookie = headers["set-cookie"].partition(";")[0]

    assert (status, headers["location"]) == (303, "/optimizers?study=s+%231")
    assert "HttpOnly; SameSite=Lax" in headers["set-cookie"]
    assert page.ask("/", Cookie=cookie)[0] == 200
    assert page.ask("/", Cookie=f"other=1; {cookie}")[0] == 200
    assert page.ask("/", Cookie=f"{cookie}x")[0] == 403
    assert page.ask("/", Cookie=cookie, Origin="http://evil.example")[0] == 403
    page.listen(Cookie=cookie)


def test_a_redirect_stays_on_this_page(open_page):
    page, token = open_page

    assert page.ask(f"//evil.example/?token={token}")[1]["location"] == "/evil.example/"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux shows command lines there")
def test_the_token_stands_on_no_command_line(open_page):
    _, token = open_page
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(path.read_bytes())

    assert any(b"dashboard.page_process" in line for line in lines)
    assert not any(token.encode() in line for line in lines)


@pytest.mark.parametrize("size", ["999999999999", "9" * 5000])
def test_an_upload_that_declares_too_much_is_refused_before_it_is_read(page, size):
    assert page.ask(UPLOAD, "PUT", **{"Content-Length": size})[0] in {400, 413}


def test_a_request_that_is_larger_than_it_says_is_cut_off():
    sent, chunks = [], 0

    async def application(scope, receive, send):
        while (await receive())["more_body"]:
            ...

    async def receive():
        nonlocal chunks
        chunks += 1
        return {"type": "http.request", "body": b"x" * SMALL_BYTES, "more_body": True}

    async def send(message):
        sent.append(message)

    run(guarding(application), scope_of("/"), receive, send)

    assert sent[0]["status"] == 413
    assert chunks == 2


@pytest.mark.parametrize(
    ("place", "status"),
    [("/a%00b", 400), ("/%0d%0aX-Evil:1", 400), ("/?trial=%C2%B2", 200), ("/?trial=" + "9" * 5000, 200),
     ("/?study=%00", 200), ("/?x=" + "y" * 20_000, 414), ("/%E2%80%AE", 400), ("/..%2f..%2fetc/passwd", 400),
     ("/static/..%2f..%2f..%2fetc%2fpasswd", 400)],
)  # fmt: skip
def test_an_odd_address_is_answered_in_a_sentence_or_with_the_page(page, place, status):
    answered, _, body = page.ask(place)

    assert answered == status
    assert b"Traceback" not in body
    assert b"root:" not in body


def guarding(application, token=""):
    return Guard(application, host="127.0.0.1", cookie="advisor-1", token=token, upload_bytes=10)


def scope_of(path, *headers, query=b"", kind="http"):
    return {
        "type": kind, "path": path, "raw_path": path.encode(errors="replace"), "query_string": query,
        "headers": [(b"host", b"localhost"), *headers],
    }  # fmt: skip


def run(application, *arguments):
    """Run a coroutine that waits for nothing."""
    with suppress(StopIteration):
        application(*arguments).send(None)


@given(
    path=st.text(),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"host", b"origin", b"cookie", b"content-length", b"x"]), st.binary(max_size=40)
        )
    ),
    query=st.binary(max_size=60),
    token=st.sampled_from(["", "secret"]),
    kind=st.sampled_from(["http", "websocket"]),
)
def test_whatever_is_asked_an_answer_comes_and_nobody_without_the_token_passes(
    path, headers, query, token, kind
):
    sent, passed = [], []

    async def application(scope, receive, send):
        passed.append(scope)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    run(guarding(application, token), scope_of(path, *headers, query=query, kind=kind), receive, send)

    assert bool(sent) != bool(passed)
    assert not (passed and token)
