"""Databases: a table or a query of a SQLite or DuckDB file, opened to read only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from studies.datasets.files import Place, Reader
from studies.datasets.files.names import check_unique
from studies.errors import BadWorkload, did_you_mean, one_line
from studies.imports import require

if TYPE_CHECKING:
    from studies.datasets.files import Frame

QUERY: Final = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
DUCK: Final = b"DUCK"
"""Stands behind the first eight bytes of a DuckDB file."""
SQLITE_TABLES: Final = (
    "select name from sqlite_master "
    "where type in ('table', 'view') and name not like 'sqlite_%' order by name"
)
DUCK_TABLES: Final = "select table_name from information_schema.tables order by table_name"
SHOWN: Final = 10
"""Tables that a message lists."""


def read_database(place: Place) -> Frame:
    """Read a table by its name or the rows of a query; a file with one table needs neither.

    Raises:
        BadWorkload: no such table, or more than one to choose from.
    """
    with place.path.open("rb") as file:
        start = file.read(12)
    return _read_duck(place) if start[8:] == DUCK else _read_sqlite(place)


def _read_sqlite(place: Place) -> Frame:
    import pandas as pd

    connection = sqlite3.connect(f"file:{quote(str(place.path.absolute()))}?mode=ro", uri=True)
    try:
        tables = [str(name) for (name,) in connection.execute(SQLITE_TABLES)]
        cursor = connection.execute(_query(place, tables))
        columns = [str(column[0]) for column in cursor.description]
        check_unique(columns, place.path.name)
        return pd.DataFrame(cursor.fetchall(), columns=columns), ()
    finally:
        connection.close()


def _read_duck(place: Place) -> Frame:
    duckdb: Any = require("duckdb", "duckdb", f"'{place.path.name}'")
    settings = {"enable_external_access": "false"}  # a query reads this file and no other
    with duckdb.connect(str(place.path), read_only=True, config=settings) as connection:
        tables = [str(name) for (name,) in connection.execute(DUCK_TABLES).fetchall()]
        result = connection.execute(_query(place, tables))
        check_unique([str(column[0]) for column in result.description], place.path.name)
        return result.df(), ()


def _query(place: Place, tables: Sequence[str]) -> str:
    """Return what to ask the database."""
    if QUERY.match(place.part):
        return place.part
    name, listed = Path(place.path).name, one_line(", ".join(tables[:SHOWN]), longest=120) or "none"
    if not place.part and len(tables) != 1:
        raise BadWorkload(
            f"'{name}' has the tables {listed}; name one: '{name}:TABLE', or '{name}:SELECT ...'"
        )
    table = place.part or tables[0]
    if table not in tables:
        near = did_you_mean(table[:80], tables)
        raise BadWorkload(f"'{name}' has no table '{one_line(table, longest=80)}'{near} It has {listed}")
    escaped = table.replace('"', '""')
    return f'select * from "{escaped}"'  # noqa: S608 - one of the tables that are there


READER = Reader(
    form="SQLite and DuckDB, `file.db:table` or `file.db:SELECT ...`",
    endings=(".sqlite", ".sqlite3", ".db", ".duckdb"),
    read=read_database,
    part="table or query",
)
