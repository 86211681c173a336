"""Serve the dashboard: our own interpreter on our own page, after a look whether anyone could listen there."""

from __future__ import annotations

import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from studies.errors import StoreError


def serve(host: str, port: int, home: Path) -> None:
    """Become the Streamlit server of the dashboard package; does not return.

    Raises:
        StoreError: nobody could listen there, or the dashboard package is not installed.
    """
    folder = _folder()
    _check_address(host, port)
    page = str(folder / "app.py")
    options = {"server.address": host, "server.port": port, "server.headless": "true", "browser.gatherUsageStats": "false",
               "server.fileWatcherType": "none", "client.toolbarMode": "minimal"}  # fmt: skip
    flags = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    command = [sys.executable, "-m", "streamlit", "run", page, *flags, "--", "--home", str(home)]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter on our own page


def plot(study: str, kind: str, out: Path, home: Path) -> None:
    """Become the process that writes one of the dashboard's figures to a file; does not return.

    Raises:
        StoreError: the dashboard package is not installed.
    """
    _folder()
    command = [sys.executable, "-m", "dashboard.plot", study, kind, str(out), "--home", str(home)]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter on our own module


def _folder() -> Path:
    spec = find_spec("dashboard")
    if spec is None or not spec.submodule_search_locations:
        raise StoreError("the dashboard package is not installed; install optimizer-advisor again")
    return Path(spec.submodule_search_locations[0])


def _check_address(host: str, port: int) -> None:
    """Raise StoreError unless a server could listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"cannot listen on {host}:{port} ({reason}); choose another --port from 1 to 65535 or --host") from None
