"""How fast relays and recipient domains are served, kept over restarts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import paces, senders

Kind = Literal["relay", "domain"]


class PaceRow(NamedTuple):
    """The facts of one relay or domain."""

    kind: Kind
    name: str
    facts: Mapping[str, Any]


def read(connection: Connection) -> list[PaceRow]:
    """All that is known."""
    query = select(paces.c.kind, paces.c.name, paces.c.facts).order_by(paces.c.kind, paces.c.name)
    return [PaceRow(row.kind, row.name, row.facts) for row in connection.execute(query)]


def time(connection: Connection) -> datetime:
    """The time of a database that is shared."""
    found: datetime = connection.execute(select(func.clock_timestamp(type_=paces.c.changed_at.type))).scalar_one()
    return found


def processes(connection: Connection) -> int:
    """How many processes send, those that died just now too; at least 1."""
    return max(1, connection.execute(select(func.count()).select_from(senders)).scalar_one())


def lock(
    connection: Connection, keys: Sequence[tuple[Kind, str]], *, now: datetime
) -> dict[tuple[Kind, str], Mapping[str, Any]]:
    """What is known of these, which nobody else can change until the transaction ends; ``{}`` of who is new."""
    p = paces.c
    query = select(p.kind, p.name, p.facts).where(tuple_(p.kind, p.name).in_(keys)).order_by(p.kind, p.name)
    query = query.with_for_update()
    found = {(row.kind, row.name): row.facts for row in connection.execute(query)}
    for kind, name in keys:
        if (kind, name) not in found:
            with suppress(IntegrityError), connection.begin_nested():  # somebody else may be the first
                connection.execute(insert(paces), {"kind": kind, "name": name, "facts": {}, "changed_at": now})
    if len(found) < len(keys):
        found = {(row.kind, row.name): row.facts for row in connection.execute(query)}
    return found


def write(connection: Connection, row: PaceRow, *, now: datetime) -> None:
    """Writes what is known of one that was locked."""
    which = update(paces).where(paces.c.kind == row.kind, paces.c.name == row.name)
    connection.execute(which.values(facts=row.facts, changed_at=now))


def save(connection: Connection, rows: Iterable[PaceRow], *, now: datetime) -> None:
    """Writes what is known of these, in place of what was."""
    for kind, name, facts in rows:
        forget(connection, kind, name)
        values = {"kind": kind, "name": name, "facts": facts, "changed_at": now}
        connection.execute(insert(paces), values)


def forget(connection: Connection, kind: Kind, name: str) -> bool:
    """Starts anew with a relay or domain; false when nothing was known of it."""
    which = delete(paces).where(and_(paces.c.kind == kind, paces.c.name == name))
    return connection.execute(which).rowcount > 0
