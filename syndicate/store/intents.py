"""Requests to follow a feed, or to no longer do so, until the callback says that it means it; and denials.

An intent's ``next_at`` is also its lease, as a notice's is. A newer request for the same feed and callback replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from syndicate.model import IntentMode
from syndicate.store.schema import followers, intents


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is asked of a callback. ``seconds`` is the lease; ``host`` is the callback's, in lower case."""

    id: int = 0
    mode: IntentMode
    feed: str
    callback: str
    host: str
    secret: str | None = field(default=None, repr=False)
    seconds: int = 0
    failures: int = 0


_COLUMNS = [intents.c[one.name] for one in fields(Intent)]


def put(connection: Connection, intent: Intent, *, now: datetime) -> None:
    """Has it asked from ``now`` on, in place of what was to be asked; call it in a turn of the announcements."""
    c = intents.c
    connection.execute(delete(intents).where(c.feed == intent.feed, c.callback == intent.callback))
    values = {one.name: getattr(intent, one.name) for one in fields(Intent) if one.name != "id"}
    connection.execute(insert(intents), values | {"next_at": now})


def count_new(connection: Connection, host: str | None = None) -> int:
    """How many wait that are not about who follows already, in all or for callbacks at that host."""
    c = intents.c
    known = exists().where(followers.c.feed == c.feed, followers.c.callback == c.callback)
    query = select(func.count()).select_from(intents).where(~known)
    return connection.execute(query if host is None else query.where(c.host == host)).scalar_one()


def next_due(connection: Connection) -> datetime | None:
    """When the next one may be asked; None when there is none."""
    return connection.execute(select(func.min(intents.c.next_at, type_=intents.c.next_at.type))).scalar()


def take(connection: Connection, *, now: datetime, until: datetime, limit: int) -> list[Intent]:
    """Leases up to ``limit`` that are due, in a turn; what its taker does not finish is due again at ``until``."""
    c = intents.c
    due = select(*_COLUMNS).where(c.next_at <= now).order_by(c.next_at, c.id).limit(limit)
    taken = []
    for row in connection.execute(due).all():
        connection.execute(update(intents).where(c.id == row.id).values(next_at=until))
        taken.append(Intent(**{**row._mapping, "mode": IntentMode(row.mode)}))  # noqa: SLF001
    return taken


def finish(connection: Connection, intent_id: int) -> bool:
    """Forgets it; false when a newer one replaced it, which is then the one that counts."""
    return bool(connection.execute(delete(intents).where(intents.c.id == intent_id)).rowcount)


def put_off(connection: Connection, intent_id: int, *, mode: IntentMode, failures: int, next_at: datetime) -> None:
    """Has it asked once more, or told something else."""
    values = {"mode": mode, "failures": failures, "next_at": next_at}
    connection.execute(update(intents).where(intents.c.id == intent_id).values(values))
