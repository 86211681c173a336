"""Server of the page: Streamlit's own, with the guard in front. `streamlit run` finds it as `app`."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.middleware import Middleware
from streamlit import config
from streamlit.starlette import App

from advisor.cli.serve import TOKEN, is_loopback
from dashboard.browser_history import OneEntryAPage
from dashboard.guard import Guard
from studies.errors import StoreError


def guard() -> Middleware:
    """Return the guard that fits the address which the server is bound to.

    Raises:
        StoreError: other machines can reach it and there is no token.
    """
    host, port = config.get_option("server.address") or "0.0.0.0", config.get_option("server.port")  # noqa: S104
    token = os.environ.pop(TOKEN, "")  # searches that the page starts need none
    if not token and not is_loopback(host):
        raise StoreError(f"a page at {host} needs a token; start it with: advisor dashboard --host {host}")
    size = int(config.get_option("server.maxUploadSize")) << 20
    return Middleware(Guard, host=host, cookie=f"advisor-{port}", token=token, upload_bytes=size)


app = App(Path(__file__).with_name("app.py"), middleware=[guard(), Middleware(OneEntryAPage)])
