"""MLflow address: which one a new study's runs go to, and whether it is one that MLflow can have."""

from __future__ import annotations

import os
import re
from importlib.metadata import entry_points
from typing import Final
from urllib.parse import urlsplit

from studies.errors import BadValue, shown

OFF: Final = "off"
"""An address that means no mirror."""
VARIABLE: Final = "MLFLOW_TRACKING_URI"
"""MLflow's own environment variable: the address where none is said."""
DATABASES: Final = ("sqlite", "postgresql", "mysql", "mssql")
SCHEMES: Final = ("file", "http", "https", "databricks", "databricks-uc", "uc", *DATABASES)
"""What an address may begin with: MLflow's own, besides those of its plugins; a path has none."""


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
    return address, (
        f"MLflow runs go to {hidden(address)}, as {VARIABLE} says; --tracking-uri says another, off none"
    )


def check_address(address: str) -> None:
    """Raise BadValue for an address that could never work: a scheme that MLflow has not, or no host."""
    try:
        parts = urlsplit(address)
        scheme, host = parts.scheme.partition("+")[0], parts.hostname
    except ValueError:
        raise BadValue(
            f"tracking address {shown(hidden(address))} cannot be read; check its brackets"
        ) from None
    if len(scheme) > 1 and scheme not in SCHEMES and scheme not in _plugins():  # a letter alone is a drive
        raise BadValue(
            f"tracking address {shown(hidden(address))} begins with {shown(scheme)}, which MLflow does not "
            f"know; allowed: a path, off, or {', '.join(SCHEMES)}, as in http://localhost:5000"
        )
    if scheme in {"http", "https"} and not host:
        raise BadValue(f"tracking address {shown(address)} names no host; write it as http://localhost:5000")


def _plugins() -> set[str]:
    return {point.name for point in entry_points(group="mlflow.tracking_store")}


def hidden(address: str) -> str:
    """Return an address without the password that it may hold."""
    return re.sub(r"://[^/@]+@", "://***@", address)
