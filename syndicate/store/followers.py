"""Who follows a feed by the built-in hub: a callback that gets the feed whenever it changed, to the end of its lease.

``owed`` is the number of the newest announcement that it is yet to get, 0 when it has it. ``next_at`` is when it may
be tried, and the lease of who tries, as a notice's is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from syndicate.store.schema import followers


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One that is owed its feed. ``failures`` are those in a row."""

    id: int
    feed: str
    callback: str
    host: str
    secret: str | None = field(repr=False)
    owed: int
    failures: int


_COLUMNS = [followers.c[one.name] for one in fields(Follower)]


def follow(
    connection: Connection, feed: str, callback: str, *, host: str, secret: str | None, lease_until: datetime
) -> None:
    """Begins or renews; call it in a turn of the announcements. What a renewed one is owed stays."""
    c, values = followers.c, {"secret": secret, "lease_until": lease_until}
    known = update(followers).where(c.feed == feed, c.callback == callback).values(values)
    if not connection.execute(known).rowcount:
        new = {"feed": feed, "callback": callback, "host": host, "owed": 0, "failures": 0, "error": ""}
        connection.execute(insert(followers), values | new)


def unfollow(connection: Connection, feed: str, callback: str) -> None:
    """Ends it, if there is one."""
    c = followers.c
    connection.execute(delete(followers).where(c.feed == feed, c.callback == callback))


def follows(connection: Connection, feed: str, callback: str) -> bool:
    """Whether that callback follows that feed."""
    c = followers.c
    query = select(c.id).where(c.feed == feed, c.callback == callback)
    return connection.execute(query).first() is not None


def count(connection: Connection, host: str | None = None) -> int:
    """How many there are, in all or at that host."""
    query = select(func.count()).select_from(followers)
    return connection.execute(query if host is None else query.where(followers.c.host == host)).scalar_one()


def owe(connection: Connection, feeds: Sequence[str], number: int, *, now: datetime) -> None:
    """Has all who follow one of the feeds get it; who is waited for, or is being sent to, keeps their time."""
    c = followers.c
    query = update(followers).where(c.feed == bindparam("changed"))
    query = query.values(owed=number, next_at=func.coalesce(c.next_at, bindparam("now", type_=c.next_at.type)))
    connection.execute(query, [{"changed": feed, "now": now} for feed in feeds])


def next_due(connection: Connection) -> datetime | None:
    """When the next one may be tried; None when nothing is owed."""
    return connection.execute(select(func.min(followers.c.next_at, type_=followers.c.next_at.type))).scalar()


def take(connection: Connection, *, now: datetime, until: datetime, limit: int) -> list[Follower]:
    """Leases up to ``limit`` that may be tried now; call it in a turn, once leases that are over were ended.

    What its taker does not record may be tried again at ``until``.
    """
    c = followers.c
    due = select(*_COLUMNS).where(c.next_at <= now).order_by(c.next_at, c.id).limit(limit)
    taken = []
    for row in connection.execute(due).all():
        connection.execute(update(followers).where(c.id == row.id).values(next_at=until))
        taken.append(Follower(**row._mapping))  # noqa: SLF001 - SQLAlchemy's public way to see a row as a mapping
    return taken


def delivered(connection: Connection, follower: Follower, *, now: datetime) -> None:
    """It has what it was owed; if the feed changed meanwhile, it is due again at once."""
    c, well = followers.c, {"failures": 0, "error": ""}
    done = update(followers).where(c.id == follower.id, c.owed == follower.owed)
    if not connection.execute(done.values(well | {"owed": 0, "next_at": None})).rowcount:
        connection.execute(update(followers).where(c.id == follower.id).values(well | {"next_at": now}))


def failed(connection: Connection, follower: Follower, *, error: str, next_at: datetime) -> None:
    """Keeps why it did not get it, and when to try again."""
    values = {"failures": follower.failures + 1, "error": error, "next_at": next_at}
    connection.execute(update(followers).where(followers.c.id == follower.id).values(values))


def drop(connection: Connection, follower_id: int) -> None:
    """Ends it."""
    connection.execute(delete(followers).where(followers.c.id == follower_id))


def end_leases(connection: Connection, *, now: datetime) -> int:
    """Ends all whose lease is over; returns how many."""
    return int(connection.execute(delete(followers).where(followers.c.lease_until <= now)).rowcount)


def failing(connection: Connection, limit: int) -> list[tuple[str, int, str]]:
    """Those who fail the longest: callback's host, failures in a row, the last error."""
    c = followers.c
    query = select(c.host, c.failures, c.error).where(c.failures > 0).order_by(c.failures.desc(), c.id).limit(limit)
    return [(row.host, row.failures, row.error) for row in connection.execute(query)]
