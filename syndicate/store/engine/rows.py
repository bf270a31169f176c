"""Rows as both databases hold them alike: numbers, words and bytes; read in the order of their keys, and written fast.

Instants are microseconds since 1970, days are written out, truths are 0 and 1, and JSON is its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    Table,
    Text,
    cast,
    extract,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.sql.elements import ColumnElement

from syndicate.store.engine.columns import Instant

Raw = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500
_MODULUS = 1 << 128


def read(connection: Connection, table: Table, after: Raw | None = None) -> Iterator[Raw]:
    """The rows whose keys come after that one, in the database's own order of keys; few are in memory at a time."""
    is_sqlite = connection.dialect.name == "sqlite"
    key = [*table.primary_key]
    query = select(*(_raw(column, is_sqlite=is_sqlite) for column in table.c)).order_by(*key)
    if after is not None:
        raw = [_raw(column, is_sqlite=is_sqlite) for column in key]
        last = [literal(value, column.type) for value, column in zip(after, raw, strict=True)]
        query = query.where(tuple_(*raw) > tuple_(*last))
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield tuple(row)


def key_of(table: Table, row: Raw) -> Raw:
    """Its primary key."""
    return tuple(value for column, value in zip(table.c, row, strict=True) if column.primary_key)


def hash_of(row: Raw) -> int:
    """128 bits. A table's are added up, so that their sum does not depend on the order of rows."""
    return int.from_bytes(blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest())


def add(total: int, row: Raw) -> int:
    """The sum with one row more."""
    return (total + hash_of(row)) % _MODULUS


def size_of(row: Raw) -> int:
    """Roughly how much memory it takes, in bytes."""
    return sum(len(value) for value in row if isinstance(value, str | bytes)) + 16 * len(row)


def write(connection: Connection, table: Table, found: Sequence[Raw]) -> None:
    """Writes rows in the transaction that is open: by COPY on PostgreSQL."""
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.c)})"
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" for _ in table.c)
            cursor.executemany(f"INSERT INTO {into} VALUES ({marks})", found)  # noqa: S608 - names of the schema
            return
        at = [place for place, column in enumerate(table.c) if isinstance(column.type, Instant)]
        with cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in found:
                copy.write_row(_with_instants(row, at) if at else row)
    finally:
        cursor.close()


def _raw(column: Column[Any], *, is_sqlite: bool) -> ColumnElement[Any]:
    kind = column.type
    if isinstance(kind, Instant):
        if is_sqlite:
            return type_coerce(column, BigInteger)
        return cast(extract("epoch", column) * 1_000_000, BigInteger)
    if isinstance(kind, JSON | Date):
        return cast(column, Text)
    if isinstance(kind, Boolean):
        return type_coerce(column, Integer) if is_sqlite else cast(column, Integer)
    return column


def _with_instants(row: Raw, at: Sequence[int]) -> list[Any]:
    values = list(row)
    for place in at:
        if values[place] is not None:
            values[place] = _EPOCH + timedelta(microseconds=values[place])
    return values
