"""Server of the dashboard: our own interpreter on our own page, once the address is checked."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from advisor.cli.terminal import say
from studies.child_process import command_of
from studies.code_consent import child_environment, refuse_code
from studies.errors import StoreError, one_line

UPLOAD_MEGABYTES: Final = 200
"""Largest file that the page takes."""
TOKEN: Final = "ADVISOR_PAGE_TOKEN"  # noqa: S105 - a name
"""Environment variable of the server: the token of a page that other machines can reach."""
PARAMETER: Final = "token"
"""Under which name the token stands in the address."""


def serve(host: str, port: int, home: Path, *, allow_code: bool = False) -> None:
    """Become the Streamlit server of the dashboard package; does not return.

    Args:
        host: the address to bind.
        port: to listen on; 0 for any that is free.
        home: whose studies it shows; it reads and writes nothing else.
        allow_code: whether it may import and start models, metrics, data and rules that are code of the
            user's own.

    Raises:
        StoreError: nobody could listen there, or the dashboard package is not installed.
    """
    folder = _folder()
    port = _free_port(host, port)
    # searches that the page starts keep to it too
    refuse_code("advisor dashboard --allow-code", refused=not allow_code)
    os.environ[TOKEN] = "" if is_loopback(host) else secrets.token_urlsafe(24)
    say(_where(host, port, os.environ[TOKEN]))
    flags = [part for key, value in options(host, port).items() for part in (f"--{key}", value)]
    arguments = ["--home", str(home), *(["--allow-code"] if allow_code else [])]
    command = command_of("dashboard.page_process", "run", str(folder / "server.py"), *flags, "--", *arguments)
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter on our own page


def _where(host: str, port: int, token: str) -> str:
    """Return the line that says at which address the page is, and who can see it."""
    name = socket.gethostname() if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - not to bind it
    address = f"http://{f'[{name}]' if ':' in name else name}:{port}"
    if not token:
        return f"the page: {address} (this machine alone reaches it; Ctrl-C ends it)"
    return (
        f"the page: {address}/?{PARAMETER}={token} (whoever has this address may use it, and "
        "nothing on its way is encrypted; Ctrl-C ends it)"
    )


def options(host: str, port: int) -> dict[str, str]:
    """Return the server's settings, for the command line, where no configuration file overrules them."""
    return {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.maxUploadSize": str(UPLOAD_MEGABYTES),
        "server.enableStaticServing": "false",
        "server.fileWatcherType": "none",
        "client.toolbarMode": "minimal",
        "logger.hideWelcomeMessage": "true",
        "runner.magicEnabled": "false",
    }


def plot(study: str, kind: str, out: Path, home: Path, theme: str = "light") -> None:
    """Become the process that writes one of the dashboard's figures to a file; does not return.

    Raises:
        StoreError: the dashboard package is not installed.
    """
    _folder()
    command = command_of("dashboard.plot", study, kind, str(out), "--home", str(home), "--theme", theme)
    os.execve(sys.executable, command, child_environment())  # noqa: S606 - our own interpreter and module


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host, a name or an address.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
        (True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _folder() -> Path:
    spec = find_spec("dashboard")
    if spec is None or not spec.submodule_search_locations:
        raise StoreError("the dashboard package is not installed; install optimizer-advisor again")
    return Path(spec.submodule_search_locations[0])


def _free_port(host: str, port: int) -> int:
    """Return the port, any free one for 0; raise StoreError unless a server could listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except (OSError, OverflowError) as error:
        raise StoreError(
            f"cannot listen on {host}:{port} ({one_line(error)}); "
            "choose another --port from 1 to 65535 or --host"
        ) from None
