"""Many new rows of a table at once: by ``executemany`` on SQLite, by COPY on PostgreSQL. The store's nouns call it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Connection, Dialect, Table, func, select, text
from sqlalchemy.types import TypeEngine

from syndicate.store.engine.columns import Instant


class Filling:
    """New rows of a table. ``names`` are its columns, in the order in which rows give their values."""

    def __init__(self, table: Table, *names: str) -> None:
        columns = ", ".join(names)
        self._insert = f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' for _ in names)})"  # noqa: S608
        self._copy = f"COPY {table.name} ({columns}) FROM STDIN"
        self._kinds = [table.c[name].type for name in names]

    def carry(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Writes them in the connection's transaction; what the database refuses, the driver's own errors tell."""
        if not rows:
            return
        given = zip(zip(*rows, strict=True), self._kinds, strict=True)
        columns = [_converted(column, _way(kind, column[0], connection.dialect)) for column, kind in given]
        driver: Any = connection.connection
        with closing(driver.cursor()) as cursor:
            if connection.dialect.name == "sqlite":
                cursor.executemany(self._insert, zip(*columns, strict=True))
                return
            with cursor.copy(self._copy) as copy:
                for row in zip(*columns, strict=True):
                    copy.write_row(row)


def take_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """The ids of that many new rows of a table, as they would get them by themselves; nobody else gets them."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(select(func.max(table.c.id))).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    return list(connection.execute(_TAKE, {"table": table.name, "count": count}).scalars())


_TAKE = text("""
WITH own AS MATERIALIZED (SELECT CAST(pg_get_serial_sequence(:table, 'id') AS regclass) AS name)
SELECT nextval(name) FROM own, generate_series(1, :count)
""")


def _way(kind: TypeEngine[Any], first: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """How values of a column become what its driver takes quickest; None when they are so already."""
    if isinstance(kind, Instant):
        return lambda moment: _plain(kind.process_bind_param(moment, dialect))
    if isinstance(kind, JSON):
        return json.dumps
    return str if isinstance(first, StrEnum) else None


def _plain(moment: datetime | int) -> str | int:
    return moment.isoformat() if isinstance(moment, datetime) else moment


def _converted(column: Sequence[Any], way: Callable[[Any], Any] | None) -> Sequence[Any]:
    """A value that stands in many rows is converted once."""
    if way is None:
        return column
    if not isinstance(column[0], dict) and column.count(column[0]) == len(column):
        return [None if column[0] is None else way(column[0])] * len(column)
    known: dict[int, Any] = {id(None): None}
    return [known[id(value)] if id(value) in known else known.setdefault(id(value), way(value)) for value in column]
