"""Subscribers by address, name, newsletter, state, topic, tag. The console, the export and `subscribers list` ask.

With a million subscribers on SQLite, a page of most searches takes some milliseconds. Only those that nearly nobody
fits read all addresses, or all subscriptions, which takes some tenths of a second, and needs no further index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import Subscriber, Subscription, SubscriptionState
from syndicate.store.engine.columns import holds
from syndicate.store.schema import subscribers, subscriptions, suppressions
from syndicate.store.subscribers import joined, subscriber_of, subscription_of, topics_key

_LONGEST = 254
_FEW = 1000
"""Where fewer subscriptions fit, their readers are looked up; else reader after reader is asked until enough fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which subscribers; what is empty does not count. ``text`` is any part of an address or a name.

    ``newsletter``, ``state`` and ``topic`` must be those of one subscription. ``suppressed``: only banned addresses.
    """

    text: str = ""
    newsletter: str = ""
    state: SubscriptionState | None = None
    topic: str = ""
    tag: str = ""
    suppressed: bool = False


EVERYONE = Sought()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A subscriber, since when, whether banned from mail, and all that they get or got."""

    subscriber: Subscriber
    created_at: datetime
    is_suppressed: bool
    subscriptions: tuple[Subscription, ...]


def find(connection: Connection, sought: Sought, *, limit: int, before_id: int | None = None) -> list[Found]:
    """Who fits, the newest first; ``before_id`` is the last of the page before."""
    query = _people(connection, sought, _FEW).order_by(subscribers.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(subscribers.c.id < before_id)
    return _found(connection, [row.id for row in connection.execute(query)])


def person(connection: Connection, subscriber_id: int) -> Found | None:
    """One of them; None when there is none, or they were erased."""
    return next(iter(_found(connection, [subscriber_id])), None)


def count(connection: Connection, sought: Sought, *, upto: int) -> int:
    """How many fit, but no more than ``upto`` are counted."""
    some = _people(connection, sought, upto).limit(upto).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def addresses(connection: Connection, sought: Sought, *, after: str, limit: int) -> dict[int, str]:
    """Who fits by id, in the order of their addresses, from ``after`` one on; an index gives them."""
    p, what = subscribers.c, _what(sought)
    query = select(p.id, p.email).where(p.erased_at.is_(None), p.email > after, *_who(sought))
    if what:
        theirs = select(subscriptions.c.subscriber_id).where(*what)
        query = query.where(exists(theirs.where(subscriptions.c.subscriber_id == p.id)))
    return {row.id: row.email for row in connection.execute(query.order_by(p.email).limit(limit))}


def stream(
    connection: Connection, sought: Sought, *, people: Sequence[int] | None = None, limit: int | None = None
) -> Iterator[Subscription]:
    """Every subscription that fits, or those of some ``people``, by address; a thousand rows in memory at a time."""
    query = joined().where(*_who(sought), *_what(sought))
    if people is not None:
        query = query.where(subscribers.c.id.in_(people))
    query = query.order_by(subscribers.c.email, subscriptions.c.newsletter).limit(limit)
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        yield subscription_of(row)


def _people(connection: Connection, sought: Sought, few: int) -> Select[tuple[int]]:
    query = select(subscribers.c.id).where(subscribers.c.erased_at.is_(None), *_who(sought))
    what = _what(sought)
    if not what:
        return query
    theirs = select(subscriptions.c.subscriber_id).where(*what)
    found = connection.execute(theirs.limit(few)).scalars().all()
    if len(found) < few:
        return query.where(subscribers.c.id.in_(found))
    return query.where(exists(theirs.where(subscriptions.c.subscriber_id == subscribers.c.id)))


def _who(sought: Sought) -> list[ColumnElement[bool]]:
    p = subscribers.c
    found: list[ColumnElement[bool]] = []
    if text := _shown(sought.text):
        found.append(or_(holds(p.email, text), holds(p.name, text)))
    if tag := topics_key([_shown(sought.tag)]):
        found.append(holds(literal("\n") + p.tags + "\n", f"\n{tag}\n"))
    if sought.suppressed:
        found.append(p.email.in_(select(suppressions.c.email)))
    return found


def _what(sought: Sought) -> list[ColumnElement[bool]]:
    s = subscriptions.c
    found: list[ColumnElement[bool]] = []
    if newsletter := _shown(sought.newsletter):
        found.append(s.newsletter == newsletter)
    if sought.state:
        found.append(s.state == sought.state)
    if topic := topics_key([_shown(sought.topic)]):
        found.append(holds(literal("\n") + s.topics + "\n", f"\n{topic}\n"))
    return found


def _shown(text: str) -> str:
    """What can stand in an address, a name or a topic of it."""
    return "".join(character for character in text if character.isprintable()).strip()[:_LONGEST]


def _found(connection: Connection, ids: Sequence[int]) -> list[Found]:
    """These subscribers in that order, each with everything."""
    p = subscribers.c
    people = connection.execute(select(subscribers).where(p.id.in_(ids), p.erased_at.is_(None))).all()
    banned = select(suppressions.c.email).where(suppressions.c.email.in_([row.email for row in people]))
    suppressed = set(connection.execute(banned).scalars())
    gets: dict[int, list[Subscription]] = {}
    for row in connection.execute(joined().where(p.id.in_(ids)).order_by(subscriptions.c.newsletter)):
        gets.setdefault(row.person_id, []).append(subscription_of(row))
    found = {row.id: _one(row, row.email in suppressed, gets.get(row.id, ())) for row in people}
    return [found[one] for one in ids if one in found]


def _one(row: Any, is_suppressed: bool, gets: Sequence[Subscription]) -> Found:
    return Found(
        subscriber=subscriber_of(row, row.id),
        created_at=row.created_at,
        is_suppressed=is_suppressed,
        subscriptions=tuple(gets),
    )
