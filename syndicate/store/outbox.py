"""What programs are to be told, written in the transaction in which it happened, and kept for a while afterwards.

Messages about one subject go in order: the next one waits until the one before was told, or given up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from syndicate.model import Event
from syndicate.store.schema import UNTOLD, listeners, outbox

LONGEST_ERROR = 500


class Fate(StrEnum):
    """What became of a message."""

    QUEUED = "queued"
    TOLD = "told"
    GIVEN_UP = "given up"


class Happened(NamedTuple):
    """Something that happened to ``subject``, such as ``digest 12``, with ``facts`` that programs are told."""

    event: Event
    subject: str
    facts: Mapping[str, Any]


class Message(NamedTuple):
    """One thing that one program is told. ``attempts`` were made, and the last one was answered with ``said``."""

    id: int
    event: Event
    subject: str
    body: str
    happened_at: datetime
    fate: Fate
    attempts: int
    next_at: datetime
    said: str


class Taken(NamedTuple):
    """A message that is this process's to tell. ``failures`` are those of its program in a row."""

    id: int
    listener_id: int
    address: str
    nonce: str
    body: str
    attempts: int
    failures: int
    failing_since: datetime | None


def note(connection: Connection, happened: Iterable[Happened], *, now: datetime) -> None:
    """Keeps it for every program that wants to know; addresses of readers stand in none of it."""
    c = listeners.c
    wanting = connection.execute(select(c.id, c.events).where(c.ended_at.is_(None))).all()
    if wanting:
        rows = [_row(to, one, now) for one in happened for to, events in wanting if one.event in events]
        if rows:
            connection.execute(insert(outbox), rows)


def add(connection: Connection, listener_id: int, one: Happened, *, now: datetime) -> int:
    """A message for one program, whatever it wants; returns its id."""
    query = insert(outbox).returning(outbox.c.id)
    return int(connection.execute(query, _row(listener_id, one, now)).scalar_one())


def next_due(connection: Connection) -> datetime | None:
    """When a program may be told something; None when there is nothing to tell."""
    c, o = listeners.c, outbox.c
    query = select(func.min(o.next_at, type_=o.next_at.type)).where(UNTOLD, o.listener_id == c.id).scalar_subquery()
    due = select(c.next_at, query).where(c.ended_at.is_(None))
    return min((max(a, b) for a, b in connection.execute(due) if b is not None), default=None)


def take(connection: Connection, *, now: datetime, until: datetime, most: int, each: int) -> list[Taken]:
    """Leases up to ``most`` messages, up to ``each`` of one program, and one of a program that failed last."""
    c, o, earlier = listeners.c, outbox.c, outbox.alias()
    due = select(listeners).where(c.ended_at.is_(None), c.next_at <= now).order_by(c.next_at, c.id)
    before = exists().where(
        earlier.c.listener_id == o.listener_id,
        earlier.c.subject == o.subject,
        earlier.c.id < o.id,
        earlier.c.fate == Fate.QUEUED,
    )
    taken: list[Taken] = []
    for one in connection.execute(due.with_for_update(skip_locked=True)).all():
        few = min(1 if one.failures else each, most - len(taken))
        # Whether it fails, or cannot take one of them, is found out with what it refused least often.
        order = (o.attempts, o.id) if one.failures else (o.id,)
        waiting = select(o.id, o.body, o.attempts).where(UNTOLD, o.listener_id == one.id, o.next_at <= now, ~before)
        found = connection.execute(waiting.order_by(*order).limit(max(0, few))).all()
        facts = (one.id, one.address, one.nonce)
        failed = (one.failures, one.failing_since)
        taken += [Taken(row.id, *facts, row.body, row.attempts, *failed) for row in found]
        if found:
            connection.execute(update(outbox).where(o.id.in_([row.id for row in found])).values(next_at=until))
        if found and one.failures:
            connection.execute(update(listeners).where(c.id == one.id).values(next_at=until))
    return taken


def told(connection: Connection, message_id: int, said: str, *, now: datetime) -> None:
    """It was taken."""
    _end(connection, message_id, Fate.TOLD, said, now)


def give_up(connection: Connection, message_id: int, said: str, *, now: datetime) -> None:
    """It is not told any more."""
    _end(connection, message_id, Fate.GIVEN_UP, said, now)


def try_again(connection: Connection, message_id: int, said: str, *, next_at: datetime) -> None:
    """It was not taken, and is told again then."""
    o = outbox.c
    values = {"attempts": o.attempts + 1, "next_at": next_at, "said": said[:LONGEST_ERROR]}
    connection.execute(update(outbox).where(o.id == message_id).values(values))


def messages(connection: Connection, listener_id: int, *, before_id: int | None = None, limit: int) -> list[Message]:
    """What a program was told, or is to be, the newest first."""
    o = outbox.c
    query = select(*(o[name] for name in Message._fields)).where(o.listener_id == listener_id)
    if before_id is not None:
        query = query.where(o.id < before_id)
    rows = connection.execute(query.order_by(o.id.desc()).limit(limit))
    return [Message(*row)._replace(event=Event(row.event), fate=Fate(row.fate)) for row in rows]


def replay(connection: Connection, listener_id: int, *, since: datetime, now: datetime) -> int:
    """Tells a program again all that happened since, whatever became of it; returns how much that is."""
    o = outbox.c
    query = update(outbox).where(o.listener_id == listener_id, o.happened_at >= since)
    values = {"fate": Fate.QUEUED, "attempts": 0, "next_at": now, "finished_at": None}
    return int(connection.execute(query.values(values)).rowcount)


def tidy(connection: Connection, *, before: datetime) -> None:
    """Forgets what was told, or given up, before."""
    connection.execute(delete(outbox).where(outbox.c.finished_at < before))


def _end(connection: Connection, message_id: int, fate: Fate, said: str, now: datetime) -> None:
    o = outbox.c
    values = {"attempts": o.attempts + 1, "fate": fate, "said": said[:LONGEST_ERROR], "finished_at": now}
    connection.execute(update(outbox).where(o.id == message_id).values(values))


def _row(listener_id: int, one: Happened, now: datetime) -> dict[str, Any]:
    at = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    said = {"type": one.event, "timestamp": at, "data": dict(one.facts)}
    return {
        "listener_id": listener_id,
        "event": one.event,
        "subject": one.subject,
        "body": json.dumps(said, ensure_ascii=False),
        "happened_at": now,
        "fate": Fate.QUEUED,
        "attempts": 0,
        "next_at": now,
        "said": "",
    }
