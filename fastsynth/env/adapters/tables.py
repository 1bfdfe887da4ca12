"""What an SQLite connection holds, read without moving it: a set of rows for each table.

A database in memory is state like any other value; what a transaction has not committed counts.
"""

from __future__ import annotations

import sqlite3
from typing import Any

MOST_SHOWN = 200
"""Rows of a table that are shown to whoever looks for what people could say."""


def tables_of(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Table -> its rows, in no order that means anything; the schema under `sqlite_master`."""
    cursor = _cursor(connection)
    names = [
        name for (name,) in cursor.execute("select name from sqlite_master where type='table'")
    ]
    held = {name: cursor.execute(f"select * from {_quoted(name)}").fetchall() for name in names}
    return {**held, "sqlite_master": cursor.execute("select sql from sqlite_master").fetchall()}


def shown_tables(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Table -> its first rows by column."""
    cursor = _cursor(connection)
    shown: dict[str, list[dict[str, Any]]] = {}
    for name in tables_of(connection):
        if not name.startswith("sqlite_"):
            rows = cursor.execute(f"select * from {_quoted(name)} limit {MOST_SHOWN}").fetchall()
            columns = [column[0] for column in cursor.description]
            shown[name] = [dict(zip(columns, row, strict=True)) for row in rows]
    return shown


def _cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    cursor = connection.cursor()
    cursor.row_factory = None  # the connection's own may give anything
    return cursor


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
