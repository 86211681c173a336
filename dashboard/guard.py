"""Guard of the page: what every request and websocket must be, before Streamlit sees it.

Other pages in the user's browser must not drive this one. Without a token, only names of this machine are
taken for Host, since a page elsewhere may give its own name this machine's address (DNS rebinding). With
one, which `advisor dashboard` prints when other machines can reach it, nothing is answered to whoever has
neither the address with the token nor the cookie that this gave. An Origin must be the Host itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from advisor.cli.serve import PARAMETER, is_loopback

LONGEST_ADDRESS: Final = 16_384
"""Bytes of a path with its query."""
SMALL_BYTES: Final = 1 << 16
"""Most bytes of a request that uploads nothing."""
FRAME_BYTES: Final = 1 << 20
"""What an upload may have around its file."""
WORDS: Final[Mapping[int, str]] = {
    303: "",
    400: "This is no address of this page.",
    403: "This page answers only at the address that `advisor dashboard` printed, with the token in it.",
    413: "This is larger than the page takes.",
    414: "This address is too long.",
}
HEADERS: Final = (
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class TooLarge(Exception):
    """A request that turned out larger than it may be."""


@dataclass(frozen=True)
class Guard:
    """Guard in front of an application.

    Args:
        app: what answers the requests that pass.
        host: the address that the server is bound to.
        cookie: the name of the cookie, one for each port: browsers share cookies between ports.
        token: without which nothing is answered; empty for a page that only this machine can reach.
        upload_bytes: the largest file.
    """

    app: ASGIApp
    host: str
    cookie: str
    token: str
    upload_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or hand it on."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if status := self._refusal(scope) or self._sign_in(scope):
            await _answer(scope, receive, send, status, self._new_place(scope) if status == 303 else [])
            return
        await self._hand_on(scope, receive, send)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, unless the request is larger than it may be."""
        begun, count = False, 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if count > self._most_bytes(scope):
                raise TooLarge
            return message

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        try:
            await self.app(scope, counted, guarded)
        except TooLarge:
            if not begun:
                await _answer(scope, receive, send, 413, [])

    def _refusal(self, scope: Scope) -> int:
        """Return the status with which a request is refused; 0 for none."""
        address = scope.get("raw_path", b"") + b"?" + scope.get("query_string", b"")
        headers = scope["headers"]
        declared = _values(headers, b"content-length")
        if len(address) > LONGEST_ADDRESS:
            return 414
        if not scope["path"].isprintable() or len(declared) > 1:
            return 400
        if not self._is_own(headers):
            return 403
        if declared and not (declared[0].isascii() and declared[0].isdigit()):
            return 400
        return 413 if declared and _size(declared[0]) > self._most_bytes(scope) else 0

    def _is_own(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Tell whether a request is for this server, and comes from a page of it if from any page."""
        hosts, origins = _values(headers, b"host"), _values(headers, b"origin")
        if len(hosts) != 1 or len(origins) > 1:
            return False
        try:
            name = urlsplit(f"//{hosts[0]}").hostname or ""
            origin = urlsplit(origins[0]).netloc if origins else hosts[0]
        except ValueError:
            return False
        known = bool(self.token) or is_loopback(name) or name == self.host.lower()
        return known and origin.lower() == hosts[0].lower()

    def _sign_in(self, scope: Scope) -> int:
        """Return 403 for whoever has no token, 303 for whoever brings it, 0 for whoever has the cookie."""
        if not self.token or self._is_token(_cookie(scope["headers"], self.cookie)):
            return 0
        brought = dict(_query(scope)).get(PARAMETER, "")
        return 303 if scope["type"] == "http" and self._is_token(brought) else 403

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())

    def _new_place(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers that send a browser to the same address without the token, which it keeps."""
        rest = urlencode([(name, value) for name, value in _query(scope) if name != PARAMETER])
        place = scope.get("raw_path", b"/").lstrip(b"/") + (b"?" + rest.encode() if rest else b"")
        cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax"
        return [(b"location", b"/" + place), (b"set-cookie", cookie.encode())]

    def _most_bytes(self, scope: Scope) -> int:
        return self.upload_bytes + FRAME_BYTES if "/upload_file/" in scope["path"] else SMALL_BYTES


def _values(headers: list[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in headers if key.lower() == name]


def _cookie(headers: list[tuple[bytes, bytes]], name: str) -> str:
    try:
        jar = SimpleCookie("; ".join(_values(headers, b"cookie")))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def _query(scope: Scope) -> list[tuple[str, str]]:
    try:
        return parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    except ValueError:  # too many fields
        return []


def _size(digits: str) -> float:
    return int(digits) if len(digits) < 19 else float("inf")


async def _answer(
    scope: Scope, receive: Receive, send: Send, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    """Answer with a status and a plain sentence; a websocket is closed before it opens."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = WORDS[status].encode() + b"\n"
    start: dict[str, Any] = {"type": "http.response.start", "status": status}
    start["headers"] = [
        (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"), (b"connection", b"close"), *HEADERS, *headers,
    ]  # fmt: skip
    await send(start)
    await send({"type": "http.response.body", "body": body})
