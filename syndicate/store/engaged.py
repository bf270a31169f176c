"""Who opened the mail of a digest, and followed links in it, where a newsletter has that counted by reader."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Insert, Select, case, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import digests, engaged, subscribers, subscriptions


class Did(NamedTuple):
    """What one reader did with one digest: followed a link, or else opened it."""

    digest_id: int
    subscription_id: int
    clicked: bool


class Times(NamedTuple):
    """How often, and when."""

    number: int
    first_at: datetime
    last_at: datetime

    def __add__(self, other: object) -> Times:
        """Both together."""
        if not isinstance(other, Times):
            return NotImplemented
        first, last = min(self.first_at, other.first_at), max(self.last_at, other.last_at)
        return Times(self.number + other.number, first, last)


class Kept(NamedTuple):
    """What is kept of it."""

    newsletter: str
    digest_id: int
    subscription_id: int
    clicked: bool
    number: int
    first_at: datetime
    last_at: datetime


def add(connection: Connection, found: Mapping[Did, Times]) -> None:
    """Adds to what there is; nothing of readers who are unknown, or were erased."""
    c = engaged.c
    for did, times in sorted(found.items()):
        which = (c.digest_id == did.digest_id, c.subscription_id == did.subscription_id, c.clicked == did.clicked)
        later = case((c.last_at < times.last_at, literal(times.last_at, c.last_at.type)), else_=c.last_at)
        more = update(engaged).where(*which).values(count=c.count + times.number, last_at=later)
        if not connection.execute(more).rowcount:
            try:
                with connection.begin_nested():
                    connection.execute(_first(did, times))
            except IntegrityError:
                connection.execute(more)


def of_readers(connection: Connection, digest_id: int, subscription_ids: Collection[int]) -> dict[int, list[Kept]]:
    """By subscription, what these did with a digest: opened it, then followed its links."""
    c, found = engaged.c, dict[int, list[Kept]]()
    query = _KEPT.where(c.digest_id == digest_id, c.subscription_id.in_(subscription_ids)).order_by(c.clicked)
    for row in connection.execute(query):
        found.setdefault(row.subscription_id, []).append(Kept(*row))
    return found


def of_subscriber(connection: Connection, subscriber_id: int) -> list[Kept]:
    """All that one person did, digest by digest."""
    c = engaged.c
    query = _KEPT.where(c.subscription_id.in_(_theirs(subscriber_id))).order_by(c.digest_id, c.clicked)
    return [Kept(*row) for row in connection.execute(query)]


def forget(connection: Connection, *, before: datetime) -> int:
    """Removes what readers did first before that; returns how much."""
    return int(connection.execute(delete(engaged).where(engaged.c.first_at < before)).rowcount)


def forget_subscriber(connection: Connection, subscriber_id: int) -> None:
    """Removes all that one person did."""
    connection.execute(delete(engaged).where(engaged.c.subscription_id.in_(_theirs(subscriber_id))))


_KEPT = select(digests.c.newsletter, engaged).join(digests, digests.c.id == engaged.c.digest_id)


def _theirs(subscriber_id: int) -> Select[tuple[int]]:
    return select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscriber_id)


def _first(did: Did, times: Times) -> Insert:
    c = engaged.c
    values = {
        c.digest_id: did.digest_id,
        c.clicked: did.clicked,
        c.count: times.number,
        c.first_at: times.first_at,
        c.last_at: times.last_at,
    }
    row = select(subscriptions.c.id, *(literal(value, column.type) for column, value in values.items()))
    known = row.join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id).where(
        subscriptions.c.id == did.subscription_id, subscribers.c.erased_at.is_(None)
    )
    return insert(engaged).from_select([c.subscription_id, *values], known)
