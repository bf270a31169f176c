"""How fast relays and recipient domains are served, kept over restarts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, delete, insert, select

from syndicate.store.schema import paces

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
