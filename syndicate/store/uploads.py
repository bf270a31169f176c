"""Files of subscribers that were uploaded, in parts, with what was said of each, for whatever process reads them.

Who reads one holds it for as long as their lease is renewed; one that a worker is to read has a lease and no holder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from syndicate.store.schema import upload_parts, uploads

PART = 1 << 20
"""Octets."""

FILE = "file"
"""What the file itself is called among its parts; its bad rows have names of their own."""


class Held(NamedTuple):
    """One as it stands. ``has_file``: it was not imported yet."""

    key: str
    facts: Mapping[str, Any]
    holder: str | None
    lease_until: datetime | None
    is_stopped: bool
    has_file: bool


def add(connection: Connection, key: str, facts: Mapping[str, Any], *, now: datetime) -> None:
    """Keeps a new one, without its parts."""
    connection.execute(insert(uploads), {"key": key, "facts": facts, "changed_at": now, "is_stopped": False})


def put(connection: Connection, key: str, name: str, file: BinaryIO) -> None:
    """Keeps a file that belongs to it, in place of what had that name."""
    drop_parts(connection, key, name)
    number = 0
    while body := file.read(PART):
        connection.execute(insert(upload_parts), {"key": key, "name": name, "number": number, "body": body})
        number += 1


def parts(connection: Connection, key: str, name: str) -> Iterator[bytes]:
    """What was put there, part by part."""
    c, number = upload_parts.c, 0
    while True:
        query = select(c.body).where(c.key == key, c.name == name, c.number == number)
        body = connection.execute(query).scalar()
        if body is None:
            return
        yield body
        number += 1


def every(connection: Connection, key: str | None = None) -> list[Held]:
    """All of them, or that one."""
    c, part = uploads.c, upload_parts.c
    has_file = exists().where(part.key == c.key, part.name == FILE, part.number == 0)
    query = select(c.key, c.facts, c.holder, c.lease_until, c.is_stopped, has_file)
    if key is not None:
        query = query.where(c.key == key)
    return [Held(*row) for row in connection.execute(query)]


def note(
    connection: Connection, key: str, facts: Mapping[str, Any], *, now: datetime, holder: str | None = None
) -> bool:
    """Writes how it stands; when a ``holder`` says so only if it is still theirs, else false."""
    which = update(uploads).where(uploads.c.key == key)
    if holder is not None:
        which = which.where(uploads.c.holder == holder)
    return bool(connection.execute(which.values(facts=facts, changed_at=now)).rowcount)


def owe(connection: Connection, key: str, facts: Mapping[str, Any], *, now: datetime, until: datetime) -> bool:
    """Notes that a worker is to read it, by then; false when somebody holds it."""
    values = {"facts": facts, "changed_at": now, "lease_until": until, "holder": None, "is_stopped": False}
    which = update(uploads).where(uploads.c.key == key, _is_free(now))
    return bool(connection.execute(which.values(values)).rowcount)


def take(connection: Connection, key: str, holder: str, *, now: datetime, until: datetime) -> bool:
    """Holds it; false when somebody holds that one, or any other."""
    other = uploads.alias()
    is_busy = exists().where(other.c.key != key, other.c.holder.is_not(None), other.c.lease_until > now)
    which = update(uploads).where(uploads.c.key == key, _is_free(now), ~is_busy)
    return bool(connection.execute(which.values(holder=holder, lease_until=until, is_stopped=False)).rowcount)


def renew(connection: Connection, key: str, holder: str, *, until: datetime) -> bool:
    """Holds it for longer; false when it is the holder's no more, or somebody had it stopped."""
    c = uploads.c
    which = update(uploads).where(c.key == key, c.holder == holder, c.is_stopped.is_(False))
    return bool(connection.execute(which.values(lease_until=until)).rowcount)


def give_back(connection: Connection, key: str, holder: str) -> None:
    """Holds it no more."""
    which = update(uploads).where(uploads.c.key == key, uploads.c.holder == holder)
    connection.execute(which.values(holder=None, lease_until=None))


def stop(connection: Connection, key: str) -> None:
    """Has whoever holds it give it back, and no worker take it."""
    which = update(uploads).where(uploads.c.key == key)
    connection.execute(which.values(is_stopped=True))
    connection.execute(which.where(uploads.c.holder.is_(None)).values(lease_until=None))


def drop_parts(connection: Connection, key: str, name: str) -> None:
    """Deletes one of its files."""
    connection.execute(delete(upload_parts).where(upload_parts.c.key == key, upload_parts.c.name == name))


def drop(connection: Connection, key: str) -> None:
    """Deletes all of it."""
    connection.execute(delete(upload_parts).where(upload_parts.c.key == key))
    connection.execute(delete(uploads).where(uploads.c.key == key))


def forget(connection: Connection, *, before: datetime, now: datetime) -> int:
    """Deletes those that nobody changed since, and that nobody holds; returns how many."""
    c = uploads.c
    old = select(c.key).where(c.changed_at < before, or_(c.lease_until.is_(None), c.lease_until <= now))
    keys = list(connection.execute(old).scalars())
    for key in keys:
        drop(connection, key)
    return len(keys)


def _is_free(now: datetime) -> ColumnElement[bool]:
    c = uploads.c
    return or_(c.holder.is_(None), and_(c.holder.is_not(None), c.lease_until <= now))
