"""Browsers in which somebody is signed in. Called by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from syndicate.model import Role, Session, User
from syndicate.store.schema import sessions, users


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where somebody is signed in: from which address, with which browser."""

    key_hash: str
    began_at: datetime
    seen_at: datetime
    ip: str
    agent: str


def add(connection: Connection, key_hash: str, user_id: int, *, ip: str, agent: str, now: datetime) -> None:
    """One that begins, just proved."""
    instants = dict.fromkeys(("began_at", "seen_at", "proved_at"), now)
    row = {"key_hash": key_hash, "user_id": user_id, "said": "", "ip": ip, "agent": agent, **instants}
    connection.execute(insert(sessions).values(row))


def by_hash(connection: Connection, key_hash: str) -> Session | None:
    """The one with that key, however old it is."""
    c = sessions.c
    query = (
        select(c.key_hash, c.began_at, c.seen_at, c.proved_at, c.said, users.c.id, users.c.name, users.c.role)
        .join(users, users.c.id == c.user_id)
        .where(c.key_hash == key_hash)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Session(
        key_hash=row.key_hash,
        user=User(id=row.id, name=row.name, role=Role(row.role)),
        began_at=row.began_at,
        seen_at=row.seen_at,
        proved_at=row.proved_at,
        said=row.said,
    )


def of_user(connection: Connection, user_id: int, *, began_after: datetime, seen_after: datetime) -> list[Seat]:
    """Where that user is signed in, the one last used first."""
    c = sessions.c
    columns = (c.key_hash, c.began_at, c.seen_at, c.ip, c.agent)
    where = (c.user_id == user_id, c.began_at >= began_after, c.seen_at >= seen_after)
    return [
        Seat(**row) for row in connection.execute(select(*columns).where(*where).order_by(c.seen_at.desc())).mappings()
    ]


def see(connection: Connection, key_hash: str, *, now: datetime) -> None:
    """Keeps in mind that it is in use."""
    connection.execute(update(sessions).where(sessions.c.key_hash == key_hash).values(seen_at=now))


def say(connection: Connection, key_hash: str, said: str) -> None:
    """What the next page is to tell; an empty text once it has."""
    connection.execute(update(sessions).where(sessions.c.key_hash == key_hash).values(said=said))


def end(connection: Connection, key_hash: str) -> None:
    """Signs it out."""
    connection.execute(delete(sessions).where(sessions.c.key_hash == key_hash))


def end_all(connection: Connection, user_id: int, *, but: str = "") -> None:
    """Signs a user out everywhere, but for the session of the key with the hash ``but``."""
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id, sessions.c.key_hash != but))


def prove(connection: Connection, key_hash: str, new_key_hash: str, *, now: datetime) -> None:
    """They proved again who they are; the session goes on under another key."""
    values = {"key_hash": new_key_hash, "proved_at": now, "seen_at": now}
    connection.execute(update(sessions).where(sessions.c.key_hash == key_hash).values(values))


def forget(connection: Connection, *, began_before: datetime, seen_before: datetime) -> None:
    """Drops those that are over."""
    over = or_(sessions.c.began_at < began_before, sessions.c.seen_at < seen_before)
    connection.execute(delete(sessions).where(over))
