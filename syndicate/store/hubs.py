"""Hubs of others, and the feeds that each is yet to be told of. One ping stands for all changes of its feed.

A hub's ``next_at`` is also its lease: who takes its pings moves it on, so that nobody else sends them meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from syndicate.store.schema import hubs, pings


@dataclass(frozen=True, slots=True)
class Hub:
    """How a hub does: ``failures`` in a row, the last ``error``, and how many feeds it is yet to be told of."""

    address: str
    failures: int
    error: str
    next_at: datetime
    succeeded_at: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The pings of one hub that were taken: (feed, number of its newest announcement) each."""

    hub: str
    failures: int
    pings: tuple[tuple[str, int], ...]


def queue(connection: Connection, addresses: Sequence[str], feeds: Sequence[str], number: int, now: datetime) -> None:
    """Has each hub told of each feed; call it in a turn. Hubs that are not among ``addresses`` are forgotten."""
    known = set(connection.execute(select(hubs.c.address)).scalars())
    for one in known - set(addresses):
        connection.execute(delete(pings).where(pings.c.hub == one))
        connection.execute(delete(hubs).where(hubs.c.address == one))
    for one in addresses:
        if one not in known:
            connection.execute(insert(hubs), {"address": one, "next_at": now, "failures": 0, "error": ""})
        told = delete(pings).where(pings.c.hub == one, pings.c.feed == bindparam("old"))
        connection.execute(told, [{"old": feed} for feed in feeds])
        connection.execute(insert(pings), [{"hub": one, "feed": feed, "number": number} for feed in feeds])


def next_due(connection: Connection, addresses: Collection[str]) -> datetime | None:
    """When one of these hubs may be told of something; None when there is nothing to tell."""
    c = hubs.c
    query = select(func.min(c.next_at, type_=c.next_at.type)).where(
        c.address.in_(addresses), c.address.in_(select(pings.c.hub))
    )
    return connection.execute(query).scalar()


def take(
    connection: Connection, addresses: Collection[str], *, now: datetime, until: datetime, most: int, limit: int
) -> list[Taken]:
    """Leases up to ``limit`` pings of each of up to ``most`` of these hubs whose time has come; call it in a turn."""
    c = hubs.c
    due = select(c.address, c.failures).where(
        c.address.in_(addresses), c.next_at <= now, c.address.in_(select(pings.c.hub))
    )
    taken = []
    for row in connection.execute(due.order_by(c.next_at, c.address).limit(most)).all():
        waiting = select(pings.c.feed, pings.c.number).where(pings.c.hub == row.address).order_by(pings.c.feed)
        found = tuple((one.feed, one.number) for one in connection.execute(waiting.limit(limit)))
        connection.execute(update(hubs).where(c.address == row.address).values(next_at=until))
        taken.append(Taken(row.address, row.failures, found))
    return taken


def told(connection: Connection, hub: str, sent: Sequence[tuple[str, int]]) -> None:
    """Forgets pings that the hub took; a feed that changed meanwhile keeps its newer one."""
    p = pings.c
    query = delete(pings).where(p.hub == hub, p.feed == bindparam("which"), p.number == bindparam("sent"))
    if sent:
        connection.execute(query, [{"which": feed, "sent": number} for feed, number in sent])


def record(connection: Connection, hub: str, *, failures: int, error: str, next_at: datetime, now: datetime) -> None:
    """Keeps how telling a hub went, and ends the lease."""
    values = {"failures": failures, "error": error, "next_at": next_at} | ({} if error else {"succeeded_at": now})
    connection.execute(update(hubs).where(hubs.c.address == hub).values(values))


def standing(connection: Connection) -> list[Hub]:
    """Every hub that was ever told of something, by address."""
    c = hubs.c
    waiting = select(func.count()).where(pings.c.hub == c.address).scalar_subquery()
    query = select(c.address, c.failures, c.error, c.next_at, c.succeeded_at, waiting).order_by(c.address)
    return [Hub(*row) for row in connection.execute(query)]
