"""Feeds of others that tell us of changes through a hub (WebSub): what was asked of it, and until when it holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from syndicate.store.schema import follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """One source's. ``nonce`` is what its callback's address and secret are made of.

    ``until`` is when the hub's promise ends, None while it gave none; ``next_at`` when to ask the hub, again or anew.
    """

    source: str
    hub: str
    topic: str
    nonce: str
    until: datetime | None = None
    next_at: datetime
    failures: int = 0
    error: str = ""


_COLUMNS = [follows.c[one.name] for one in fields(Follow)]


def of_source(connection: Connection, source: str) -> Follow | None:
    """The one of that source, if it has one."""
    row = connection.execute(select(*_COLUMNS).where(follows.c.source == source)).one_or_none()
    return Follow(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public way to see a row as a mapping


def every(connection: Connection) -> dict[str, Follow]:
    """All, by source."""
    found = (Follow(**row._mapping) for row in connection.execute(select(*_COLUMNS)))  # noqa: SLF001 - as above
    return {one.source: one for one in found}


def take_due(connection: Connection, sources: Collection[str], *, now: datetime, again_at: datetime) -> list[Follow]:
    """Those of these sources that are due; other processes find them due at ``again_at``."""
    due = follows.c.next_at <= now, follows.c.source.in_(sources)
    taken = update(follows).where(*due).values(next_at=again_at).returning(*_COLUMNS)
    return [Follow(**row._mapping) for row in connection.execute(taken)]  # noqa: SLF001 - as above


def save(connection: Connection, follow: Follow) -> None:
    """Writes what is known of one."""
    values = asdict(follow)
    if not connection.execute(update(follows).where(follows.c.source == follow.source).values(values)).rowcount:
        connection.execute(insert(follows), values)


def remove(connection: Connection, source: str) -> None:
    """Forgets the one of that source."""
    connection.execute(delete(follows).where(follows.c.source == source))
