"""MLflow address: which one a new study's runs go to, and whether it is one that MLflow can have.

A journal and a message hold an address without its secrets (`stored`, `hidden`); whoever goes on with a
study gives them again, in the environment (`whole`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from urllib.request import url2pathname

from studies.errors import BadValue, StoreError, shown

OFF: Final = "off"
"""An address that means no mirror."""
VARIABLE: Final = "MLFLOW_TRACKING_URI"
"""MLflow's own environment variable: the address where none is said."""
USER, PASSWORD, TOKEN = (f"MLFLOW_TRACKING_{name}" for name in ("USERNAME", "PASSWORD", "TOKEN"))
"""MLflow's own environment variables of what it says to a server: who, and how to prove it."""
DATABASES: Final = ("sqlite", "postgresql", "mysql", "mssql")
SCHEMES: Final = ("file", "http", "https", "databricks", "databricks-uc", "uc", *DATABASES)
"""What an address may begin with: MLflow's own, besides those of its plugins; a path has none."""
MASK: Final = "***"
ACCOUNT: Final = re.compile(r"(?<=://)[^\s:/?#@]*(?::(?!\d+[/?#])\S*)?@(?:[^\s/?#@]*@)*")
"""User and password of an address; the password may hold what ought to be written in escapes, an @ too."""
SECRET: Final = re.compile(
    r"([?&;][^=&;\s]*(?:pass|pwd|token|secret|key|auth|sig|cred)[^=&;\s]*=)[^&;\s#]+", re.IGNORECASE
)
"""A setting of an address whose name says that it is one."""


def address_of(stated: str | None) -> tuple[str | None, str]:
    """Return the address of a new study's runs, None for the home's own; a note if MLflow's variable says.

    Raises:
        BadValue: MLflow can have no such address.
    """
    address = stated or os.environ.get(VARIABLE) or None
    if address is None or address == OFF:
        return address, ""
    check_address(address)
    if stated:
        return address, ""
    account = "".join(f", with {name}" for name in (USER, TOKEN) if os.environ.get(name))
    return address, (
        f"MLflow runs go to {hidden(address)}, as {VARIABLE} says{account}; "
        "--tracking-uri says another, off none"
    )


def check_address(address: str) -> None:
    """Raise BadValue for an address that could never work.

    That is one with a scheme that MLflow has not, without a host or with a port that is none, or of a file
    where nothing can be written.
    """
    try:
        parts = urlsplit(address)
        scheme, host, _ = parts.scheme.partition("+")[0], parts.hostname, parts.port
    except ValueError:
        raise BadValue(
            f"tracking address {shown(hidden(address))} cannot be read; check its brackets and its port"
        ) from None
    if len(scheme) > 1 and scheme not in SCHEMES and scheme not in _plugins():  # a letter alone is a drive
        raise BadValue(
            f"tracking address {shown(hidden(address))} begins with {shown(scheme)}, which MLflow does not "
            f"know; allowed: a path, off, or {', '.join(SCHEMES)}, as in http://localhost:5000"
        )
    if scheme in {"http", "https"} and not host:
        raise BadValue(
            f"tracking address {shown(hidden(address))} names no host; write it as http://localhost:5000"
        )
    if not host and (scheme in {"", "file", "sqlite"} or len(scheme) == 1):
        _check_writable(address, scheme, parts.path)


def hidden(address: str) -> str:
    """Return an address, or a text that holds some, without user, password and tokens.

    Example:
        >>> hidden("http://ada:secret@mlflow.lab:5000/?token=abc")
        'http://***@mlflow.lab:5000/?token=***'
    """
    return SECRET.sub(rf"\1{MASK}", ACCOUNT.sub(f"{MASK}@", address))


def stored(address: str) -> str:
    """Return an address as a journal holds it: without a password or token; a database's user may stay."""
    account = "".join(ACCOUNT.findall(address))
    if ":" in account or SECRET.search(address) or not address.startswith(DATABASES):
        return hidden(address)
    return address


def masked(text: str, address: str) -> str:
    """Return what somebody said about an address, an error's words, without what is secret in the address.

    What MLflow's own variables hold is taken out too.
    """
    text = hidden(text.replace(address, hidden(address)))
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text


def whole(address: str | None) -> str | None:
    """Return an address of a journal with its secrets again, from MLflow's own environment variables.

    Raises:
        StoreError: they do not say; one line that says which to set.
    """
    if not address or MASK not in address:
        return address
    stated = os.environ.get(VARIABLE, "")
    if stored(stated) == address:
        return stated
    user, password = os.environ.get(USER), os.environ.get(PASSWORD)
    if ACCOUNT.sub("", address).count(MASK) == 0:
        if urlsplit(address).scheme in {"http", "https"} and ((user and password) or os.environ.get(TOKEN)):
            return ACCOUNT.sub("", address)  # MLflow reads the variables itself
        if user and password:
            return ACCOUNT.sub(lambda _: f"{quote(user, safe='')}:{quote(password, safe='')}@", address)
    raise StoreError(
        f"the password of {address} is kept nowhere; set {USER} and {PASSWORD}, "
        f"or {VARIABLE} to the whole address"
    )


def _secrets(address: str) -> Iterator[str]:
    """Yield what is secret in an address and in MLflow's variables, as written and without its escapes."""
    account = "".join(ACCOUNT.findall(address)).removesuffix("@")
    settings = parse_qsl(address.partition("?")[2])
    texts = [account, *account.split(":", 1), *(os.environ.get(name, "") for name in (USER, PASSWORD, TOKEN))]
    texts += [value for name, value in settings if SECRET.match(f"?{name}=x")]
    for text in filter(None, texts):
        yield from {text, unquote(text), quote(text, safe="", errors="replace")}


def _check_writable(address: str, scheme: str, path: str) -> None:
    """Raise BadValue unless the file or folder of an address is there or can be made."""
    is_database = scheme == "sqlite"
    if is_database:
        place = Path(unquote(path[1:]) if "+" in address.partition(":")[0] else address.partition(":///")[2])
    else:
        place = Path(url2pathname(path)) if scheme == "file" else Path(address)
    if place == Path():
        return
    try:
        there = next((each for each in (place, *place.parents) if each.exists()), Path())
        fits = there.is_dir() != (is_database and there == place)
        usable = fits and os.access(there, os.W_OK)
    except (OSError, ValueError):  # a name that no file can have
        usable = False
    if not usable:
        raise BadValue(f"tracking address {shown(hidden(address))} cannot be written; give one that can")


def _plugins() -> set[str]:
    return {point.name for point in entry_points(group="mlflow.tracking_store")}
