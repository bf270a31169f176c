"""How many readers each newsletter had on each day (UTC). Kept by the jobs; what is past is not counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, or_, select

from syndicate.model import SubscriptionState
from syndicate.store.schema import growth, subscriptions

_READERS = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
_DAY = timedelta(days=1)


class Day(NamedTuple):
    """``readers`` at its end, or by now; who ``joined`` for the first time and who ``left`` on it."""

    newsletter: str
    day: date
    readers: int
    joined: int
    left: int


def counted(connection: Connection, *, now: datetime) -> list[Day]:
    """The days since the newest that is kept, that one again; all days, as far as is known, when there is none.

    They are counted backwards from now, by when subscriptions began and ended: who came back, began when they first
    did.
    """
    today = now.astimezone(UTC).date()
    newest = connection.execute(select(func.max(growth.c.day))).scalar()
    since = min(newest, today) if newest else None
    c = subscriptions.c
    active = select(c.newsletter, func.count()).where(c.state.in_(_READERS)).group_by(c.newsletter)
    readers = {newsletter: int(n) for newsletter, n in connection.execute(active)}
    joined, left = _changes(connection, since, today)
    days = []
    for newsletter in sorted({*readers, *(name for name, _ in (*joined, *left))}):
        first = since or min((day for name, day in (*joined, *left) if name == newsletter), default=today)
        count, day = readers.get(newsletter, 0), today
        while day >= first:
            came, went = joined[newsletter, day], left[newsletter, day]
            days.append(Day(newsletter, day, count, came, went))
            count, day = max(0, count - came + went), day - _DAY
    return days


def save(connection: Connection, days: Sequence[Day]) -> None:
    """Keeps them, in place of what was kept of these days."""
    if days:
        connection.execute(delete(growth).where(growth.c.day >= min(one.day for one in days)))
        connection.execute(insert(growth), [one._asdict() for one in days])


def since(connection: Connection, newsletters: Collection[str], day: date) -> list[Day]:
    """What is kept of these newsletters from that day on, in order of time."""
    c = growth.c
    query = select(c.newsletter, c.day, c.readers, c.joined, c.left)
    rows = connection.execute(query.where(c.newsletter.in_(newsletters), c.day >= day).order_by(c.day, c.newsletter))
    return [Day(*row) for row in rows]


def _changes(
    connection: Connection, since: date | None, today: date
) -> tuple[Counter[tuple[str, date]], Counter[tuple[str, date]]]:
    """Newsletter and day → how many subscriptions began then, and how many ended."""
    c = subscriptions.c
    query = select(c.newsletter, c.state, c.created_at, c.ended_at).where(c.state != SubscriptionState.PENDING)
    if since:
        start = datetime.combine(since, time(), UTC)
        query = query.where(or_(c.created_at >= start, c.ended_at >= start))
    joined, left = Counter[tuple[str, date]](), Counter[tuple[str, date]]()
    for newsletter, state, created_at, ended_at in connection.execute(query, execution_options={"yield_per": 1000}):
        joined[newsletter, min(created_at.date(), today)] += 1
        if state == SubscriptionState.UNSUBSCRIBED:
            left[newsletter, min((ended_at or created_at).date(), today)] += 1
    return joined, left
