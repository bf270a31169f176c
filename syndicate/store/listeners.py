"""Programs that are told what happens, by webhooks. ``next_at`` is when one may be asked again after a failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, select, update

from syndicate.model import Event
from syndicate.store.schema import UNTOLD, listeners, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One of them. What it is told is signed with a key that is made of ``nonce`` and the site's secret.

    ``failures`` are those in a row, since ``failing_since``; ``error`` is the last one. ``ended_at`` is when it was
    given up, or said that it is gone. ``waiting`` messages are yet to be told.
    """

    id: int
    address: str
    events: tuple[Event, ...]
    nonce: str
    created_by: str
    created_at: datetime
    failures: int = 0
    failing_since: datetime | None = None
    told_at: datetime | None = None
    error: str = ""
    ended_at: datetime | None = None
    waiting: int = 0

    @property
    def host(self) -> str:
        """What people need to see of its address, which may hold a secret."""
        return urlsplit(self.address).hostname or ""


def add(
    connection: Connection, address: str, events: Iterable[Event], nonce: str, *, by: str, now: datetime
) -> Listener:
    """A new one."""
    row = {
        "address": address,
        "events": sorted(events),
        "nonce": nonce,
        "created_by": by,
        "created_at": now,
        "next_at": now,
        "failures": 0,
        "error": "",
    }
    found = connection.execute(insert(listeners).returning(listeners.c.id), row).scalar_one()
    return every(connection, int(found))[0]


def every(connection: Connection, listener_id: int | None = None) -> list[Listener]:
    """All of them in the order in which they came, or that one."""
    c = listeners.c
    waiting = select(func.count()).select_from(outbox).where(outbox.c.listener_id == c.id, UNTOLD).scalar_subquery()
    query = select(listeners, waiting.label("waiting")).order_by(c.id)
    if listener_id is not None:
        query = query.where(c.id == listener_id)
    return [_one(row) for row in connection.execute(query).mappings()]


def change(connection: Connection, listener_id: int, address: str, events: Sequence[Event], *, now: datetime) -> None:
    """Another address, or other events; it is asked again at once, also when it had been given up."""
    values = {
        "address": address,
        "events": sorted(events),
        "next_at": now,
        "failures": 0,
        "failing_since": None,
        "error": "",
        "ended_at": None,
    }
    connection.execute(update(listeners).where(listeners.c.id == listener_id).values(values))


def remove(connection: Connection, listener_id: int) -> None:
    """It is told nothing any more, and all that it was told is forgotten."""
    connection.execute(delete(outbox).where(outbox.c.listener_id == listener_id))
    connection.execute(delete(listeners).where(listeners.c.id == listener_id))


def succeeded(connection: Connection, listener_id: int, *, now: datetime) -> None:
    """It took something."""
    values = {"failures": 0, "failing_since": None, "error": "", "told_at": now, "next_at": now}
    connection.execute(update(listeners).where(listeners.c.id == listener_id).values(values))


def failed(connection: Connection, listener_id: int, error: str, *, next_at: datetime, now: datetime) -> None:
    """It did not, and is asked again then."""
    c = listeners.c
    since = func.coalesce(c.failing_since, literal(now, c.failing_since.type))
    values = {"failures": c.failures + 1, "failing_since": since, "error": error}
    query = update(listeners).where(c.id == listener_id)
    connection.execute(query.values(values | {"next_at": next_at}))


def end(connection: Connection, listener_id: int, *, now: datetime) -> None:
    """It is told nothing any more, until somebody mends it."""
    query = update(listeners).where(listeners.c.id == listener_id, listeners.c.ended_at.is_(None))
    connection.execute(query.values(ended_at=now))


def _one(row: RowMapping) -> Listener:
    values = {name: row[name] for name in Listener.__dataclass_fields__}
    return Listener(**(values | {"events": tuple(Event(one) for one in row["events"])}))
