"""Browser history: a page is one entry of it, whatever is chosen on the page, so that Back leaves the page.

Streamlit pushes an entry with every change of an address by a script (`st.query_params`) and offers no other
way: Back would undo choices one by one, and at the first one, which names the study, never get out. Its page
is served with a few lines in front that push an entry only for another path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ONE_ENTRY_A_PAGE: Final = b"""<script>
(() => {
  const push = history.pushState.bind(history);
  history.pushState = (state, unused, url) => {
    const same = url != null && new URL(url, location.href).pathname === location.pathname;
    same ? history.replaceState(state, unused, url) : push(state, unused, url);
  };
})();
</script>"""
HEAD: Final = b"<head>"
UNCACHED: Final = frozenset({b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"})
"""Headers of a request that would bring the page compressed, in part or not at all."""


@dataclass(frozen=True)
class OneEntryAPage:
    """Middleware that puts the lines in front of every page of HTML.

    Args:
        app: what answers the requests.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a page of HTML comes with the lines."""
        if scope["type"] != "http" or not _asks_for_page(scope):
            await self.app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name not in UNCACHED]
        start: Message | None = None
        body = b""

        async def with_lines(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if start is None or message.get("more_body"):
                return
            whole = body.replace(HEAD, HEAD + ONE_ENTRY_A_PAGE, 1)
            length = (b"content-length", str(len(whole)).encode())
            rest = [header for header in start.get("headers", ()) if header[0].lower() != length[0]]
            await send({**start, "headers": [*rest, length]})
            await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": headers}, receive, with_lines)


def _asks_for_page(scope: Scope) -> bool:
    """Tell whether a request is a browser's that opens a page."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return scope["method"] == "GET" and b"text/html" in accepted
