"""Takes a person out of every table; the audience's ``personal`` and ``retention`` call it.

Rows that the ledger counts stay: the subscriber's own without a name or an address, and deliveries and attempts
without what servers said of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select, update

from syndicate.model import SubscriptionState
from syndicate.store import consents, engaged, journal, private, repeats, subscribers, suppressions
from syndicate.store.schema import attempts, deliveries, notices, requests, returns, subscriptions
from syndicate.store.schema import subscribers as people
from syndicate.store.subscriptions import owed

_OVER = SubscriptionState.UNSUBSCRIBED


def erase(connection: Connection, subscriber_id: int, email: str, *, trace: str, reason: str, now: datetime) -> None:
    """Ends what goes on, and removes all that is known of the person; ``trace`` stands for them among the suppressions.

    Mail that is begun at this moment may still go out; the server's answer to it is recorded without an address of it.
    """
    s = subscriptions.c
    mine = select(s.id).where(s.subscriber_id == subscriber_id)
    ids = connection.execute(mine).scalars().all()
    for subscription_id in ids:
        subscribers.end(connection, subscription_id, now=now)
    connection.execute(update(subscriptions).where(s.id.in_(mine)).values(topics="", consent="", resume_at=None))
    journal.post(connection)
    theirs = owed(s.subscriber_id == subscriber_id)
    connection.execute(update(attempts).where(attempts.c.delivery_id.in_(theirs)).values(reply=""))
    connection.execute(update(deliveries).where(deliveries.c.id.in_(theirs)).values(reply=""))
    connection.execute(update(returns).where(returns.c.subscriber_id == subscriber_id).values(said=""))
    private.forget(connection, ids)
    engaged.forget_subscriber(connection, subscriber_id)
    erase_requests(connection, email, subscriber_id)
    consents.forget_ips(connection, subscriber_id=subscriber_id)
    repeats.forget(connection, email)
    suppressions.lift(connection, email)
    suppressions.add(connection, trace, reason, now=now)
    nobody = {"email": f"erased:{subscriber_id}", "domain": "", "name": "", "language": None, "timezone": None}
    nobody |= {"tags": "", "attributes": None}
    connection.execute(update(people).where(people.c.id == subscriber_id).values(nobody | {"erased_at": now}))


def erase_requests(connection: Connection, email: str, subscriber_id: int = 0) -> int:
    """Removes what was asked for in that address's name, or by that person, and the notices; returns how many rows."""
    asked = select(requests.c.id).where(or_(requests.c.email == email, requests.c.subscriber_id == subscriber_id))
    told = delete(notices).where(or_(notices.c.email == email, notices.c.request_id.in_(asked)))
    mine = delete(requests).where(or_(requests.c.email == email, requests.c.subscriber_id == subscriber_id))
    return int(connection.execute(told).rowcount) + int(connection.execute(mine).rowcount)


def who_left(connection: Connection, *, before: datetime, limit: int) -> list[tuple[int, str]]:
    """Id and address of people who have nothing but subscriptions that ended before; at most ``limit``."""
    s = subscriptions.c
    query = (
        select(people.c.id, people.c.email)
        .join(subscriptions, s.subscriber_id == people.c.id)
        .where(people.c.erased_at.is_(None))
        .group_by(people.c.id, people.c.email)
        .having(func.count() == func.count(s.ended_at), func.max(s.ended_at, type_=s.ended_at.type) < before)
        .having(func.min(s.state) == _OVER, func.max(s.state) == _OVER)
        .order_by(people.c.id)
        .limit(limit)
    )
    return [(row.id, row.email) for row in connection.execute(query)]
