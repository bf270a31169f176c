"""Deliveries and attempts by ranges of ids: partitions on PostgreSQL, nothing but ranges on SQLite.

A delivery's id is its digest's, followed by 32 bits of its subscription's. So nobody is planned twice for one digest,
an id alone says in which partition a row is, and a partition has whole digests: when they are old, it is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, literal, select, text

from syndicate.store.schema import deliveries, digests

BITS: Final = 32

_TABLES: Final[dict[str, str]] = {"deliveries": "id", "attempts": "delivery_id"}
_ROWS: Final = 5_000_000
"""About so many deliveries make a partition, or one digest that has more."""

LARGE: Final = 10_000
"""So many at once change what the planner should know."""

_STORED: Final = {"deliveries": "WITH (fillfactor = 45)", "attempts": ""}
"""Each delivery is leased before anything else: its page has room for that, so no index has to be told."""

_WIDEST: Final = 1000
_LOOKED_AT: Final = 100
"""By so many of the newest digests it is told how many deliveries the next ones have."""

_PATIENCE: Final = "3s"
"""Who waits to drop holds up everyone else."""

_NAME: Final = re.compile(r"deliveries_(\d+)_(\d+)")


class Partition(NamedTuple):
    """Has the digests from ``first`` on, up to the one before ``end``."""

    first: int
    end: int


def id_of(digest_id: int, subscription_id: ColumnElement[int]) -> ColumnElement[int]:
    """A delivery's id."""
    return literal(digest_id << BITS, deliveries.c.id.type) + subscription_id


def make_first(connection: Connection) -> None:
    """The one for ids of before they were made like that; the migration calls it."""
    if connection.dialect.name == "postgresql":
        for table in _TABLES:
            _execute(
                connection,
                f"CREATE TABLE {table}_first PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO ({1 << BITS})",
            )


def make_for(connection: Connection, digest_id: int) -> None:
    """Sees to it that there is one for a digest, in the turn of planning.

    Attaching a table holds up nobody who reads or writes the others; to create it as a partition would.
    """
    if connection.dialect.name == "sqlite":
        return
    known = list(every(connection))
    if any(one.first <= digest_id < one.end for one in known):
        return
    end = min([digest_id + _width(connection), *(one.first for one in known if one.first > digest_id)])
    for table, key in _TABLES.items():
        name = f"{table}_{digest_id}_{end}"
        first, last = digest_id << BITS, end << BITS
        checks = [f"{key} >= {first} AND {key} < {last}"]
        if table == "deliveries":  # by which the planner leaves it out where it is asked for other digests
            checks.append(f"digest_id >= {digest_id} AND digest_id < {end}")
        constraints = ", ".join(f"CHECK ({check})" for check in checks)
        like = f"LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, {constraints}"
        _execute(connection, f"CREATE TABLE {name} ({like}) {_STORED[table]}")
        _execute(connection, f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({last})")


def study(connection: Connection, digest_id: int) -> None:
    """Has the planner look at what a large digest brought; it would take it for nothing, and read all for a few."""
    for one in every(connection):
        if one.first <= digest_id < one.end:
            _execute(connection, f"ANALYZE deliveries_{one.first}_{one.end}")


def every(connection: Connection) -> Iterator[Partition]:
    """All but the first, oldest digests first; none on SQLite."""
    if connection.dialect.name == "sqlite":
        return
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'deliveries'::regclass"
    names = connection.execute(text(query)).scalars()
    yield from sorted(Partition(int(found[1]), int(found[2])) for name in names if (found := _NAME.fullmatch(name)))


def drop(connection: Connection, one: Partition) -> None:
    """Takes its deliveries and attempts away. :raises OperationalError: when others use the table for too long."""
    _execute(connection, f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    for table in reversed(_TABLES):
        _execute(connection, f"DROP TABLE {table}_{one.first}_{one.end}")


def _width(connection: Connection) -> int:
    newest = select(digests.c.planned).order_by(digests.c.id.desc()).limit(_LOOKED_AT).subquery()
    average = connection.execute(select(func.avg(newest.c.planned))).scalar()
    if average is None:
        query = text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'subscriptions'::regclass")
        average = connection.execute(query).scalar_one()
    return int(max(1, min(_WIDEST, _ROWS // max(1, int(average)))))


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
