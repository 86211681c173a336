"""Snapshot of a SQLite file: a copy that is read in its place, since opening may change the original."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import unquote

from studies.errors import BadWorkload, one_line, shown

ADDRESSES: Final = ("sqlite+pysqlite:///", "sqlite:///")
HEAD: Final = b"SQLite format 3\0"


def database_file(where: str) -> Path | None:
    """Return the SQLite file that an address or a path names; None for anything else."""
    for address in ADDRESSES:
        if where.startswith(address):
            return Path(unquote(where.removeprefix(address).partition("?")[0]))
    path = Path(where)
    try:
        with path.open("rb") as file:
            return path if file.read(len(HEAD)) == HEAD else None
    except (OSError, ValueError):
        return None


@contextmanager
def snapshot(path: Path) -> Iterator[Path]:
    """Yield a copy of a SQLite file, as it is at this moment though others may write to it.

    Raises:
        BadWorkload: there is no such file, or it is no database.
    """
    if not path.is_file():
        raise BadWorkload(f"no file {shown(str(path))}; give the path of a database that holds runs")
    with TemporaryDirectory(prefix="advisor-") as folder:
        copy = Path(folder) / "runs.db"
        try:
            with (
                closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as original,
                closing(sqlite3.connect(copy)) as copied,
            ):
                original.backup(copied)
        except sqlite3.Error as error:
            raise BadWorkload(
                f"{path} cannot be read as a database: {one_line(error, longest=200)}"
            ) from None
        yield copy
