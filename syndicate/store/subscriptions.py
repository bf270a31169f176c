"""What becomes of a subscription while it lasts: other choices, a pause, another owner. The preferences call it.

``chosen_at`` is when state, cadence or time zone were last chosen: who chooses now is not owed an earlier slot.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Select, and_, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import Channel, DeliveryState, SubscriptionState
from syndicate.store.schema import deliveries, digests, subscribers, subscriptions

_ACTIVE, _PAUSED = SubscriptionState.ACTIVE, SubscriptionState.PAUSED
_OVER = SubscriptionState.UNSUBSCRIBED


def choose(connection: Connection, subscription_id: int, *, cadence: str, topics: str, now: datetime) -> None:
    """Changes how often, and about what (a key); the watermark stays: nothing is missed, and nothing comes twice."""
    c = subscriptions.c
    which = update(subscriptions).where(c.id == subscription_id)
    connection.execute(which.where(c.cadence != cadence).values(chosen_at=now))
    connection.execute(which.values(cadence=cadence, topics=topics))


def choose_anew(connection: Connection, subscription_id: int, *, now: datetime) -> None:
    """Notes that a subscription began anew."""
    connection.execute(update(subscriptions).where(subscriptions.c.id == subscription_id).values(chosen_at=now))


def catch_up(connection: Connection, upto: int) -> int:
    """Counts every article up to that sequence number as given to everyone; returns how many had not had them all."""
    c = subscriptions.c
    return int(connection.execute(update(subscriptions).where(c.watermark < upto).values(watermark=upto)).rowcount)


def pause(connection: Connection, subscription_id: int, until: datetime | None) -> bool:
    """Pauses one that is active or paused, until an instant or until its reader ends it; false when it is neither.

    The watermark stays where it is, so the first digest after a pause brings all that was missed.
    """
    c = subscriptions.c
    query = update(subscriptions).where(c.id == subscription_id, c.state.in_((_ACTIVE, _PAUSED)))
    return bool(connection.execute(query.values(state=_PAUSED, resume_at=until)).rowcount)


def wake(connection: Connection, *, now: datetime, subscription_id: int | None = None) -> int:
    """Ends the pauses that are over at ``now``, or that of one subscription; returns how many."""
    c = subscriptions.c
    which = c.resume_at <= now if subscription_id is None else c.id == subscription_id
    query = update(subscriptions).where(c.state == _PAUSED, which)
    return int(connection.execute(query.values(state=_ACTIVE, resume_at=None, chosen_at=now)).rowcount)


def next_resume(connection: Connection) -> datetime | None:
    """When the next pause is over, None when no pause ends by itself."""
    c = subscriptions.c
    query = select(c.resume_at).where(c.resume_at.is_not(None), c.state == _PAUSED).order_by(c.resume_at).limit(1)
    return connection.execute(query).scalar()


def restore(connection: Connection, subscription_id: int, *, since: datetime, now: datetime) -> bool:
    """Takes back an end that came at ``since`` or later, with the watermark of then; false when there is none."""
    c = subscriptions.c
    query = update(subscriptions).where(c.id == subscription_id, c.state == _OVER, c.ended_at >= since)
    return bool(connection.execute(query.values(state=_ACTIVE, ended_at=None, resume_at=None, chosen_at=now)).rowcount)


def begin_again(connection: Connection, subscription_id: int, resume_at: datetime | None, *, consent: str) -> None:
    """Notes that one goes on that had ended, by mail; ``consent`` says how its reader came back."""
    query = update(subscriptions).where(subscriptions.c.id == subscription_id)
    values = {"ended_at": None, "resume_at": resume_at, "consent": consent, "channel": Channel.MAIL}
    connection.execute(query.values(values))


def go_on_as(connection: Connection, subscription_id: int, subscriber_id: int, *, now: datetime) -> None:
    """Has another subscriber, who does not get that newsletter, get it as this subscription stands, from now on.

    It is a subscription of its own, or theirs that had ended, so that links to this one say nothing of it. Mail that
    waits for its turn goes with it; a private feed does not, for its address is known to somebody else.
    """
    c = subscriptions.c
    names = ("newsletter", "state", "cadence", "topics", "watermark", "consent", "resume_at")
    row = connection.execute(select(*(c[name] for name in names)).where(c.id == subscription_id)).one()
    values = dict(row._mapping) | {"ended_at": None, "chosen_at": now, "channel": Channel.MAIL}  # noqa: SLF001 - public in spite of its name
    theirs = and_(c.subscriber_id == subscriber_id, c.newsletter == row.newsletter)
    if not connection.execute(update(subscriptions).where(theirs).values(values)).rowcount:
        connection.execute(insert(subscriptions), values | {"subscriber_id": subscriber_id, "created_at": now})
    new_id = connection.execute(select(c.id).where(theirs)).scalar_one()
    d = deliveries.c
    had = owed(subscriptions.c.id == new_id).with_only_columns(d.digest_id)
    waiting = owed(subscriptions.c.id == subscription_id).where(d.state == DeliveryState.QUEUED, d.sender_id.is_(None))
    taken = update(deliveries).where(d.id.in_(waiting), d.digest_id.not_in(had))
    connection.execute(taken.values(subscription_id=new_id))


def owed(whose: ColumnElement[bool]) -> Select[tuple[int]]:
    """The ids of the deliveries of some subscriptions, found digest by digest, for which there is an index."""
    d = deliveries.c
    return (
        select(d.id)
        .select_from(subscriptions)
        .join(digests, digests.c.newsletter == subscriptions.c.newsletter)
        .join(deliveries, and_(d.digest_id == digests.c.id, d.subscription_id == subscriptions.c.id))
        .where(whose)
    )


def ids_of(connection: Connection, subscriber_id: int) -> dict[str, int]:
    """Newsletter → subscription of a subscriber."""
    c = subscriptions.c
    query = select(c.newsletter, c.id).where(c.subscriber_id == subscriber_id).order_by(c.newsletter)
    return {row.newsletter: row.id for row in connection.execute(query)}


def set_timezone(connection: Connection, subscriber_id: int, timezone: str | None, *, now: datetime) -> None:
    """Where a reader lives from now on; slots of that zone that are past are none of theirs."""
    query = update(subscribers).where(subscribers.c.id == subscriber_id, subscribers.c.erased_at.is_(None))
    query = query.where(func.coalesce(subscribers.c.timezone, "") != (timezone or ""))
    if connection.execute(query.values(timezone=timezone)).rowcount:
        mine = update(subscriptions).where(subscriptions.c.subscriber_id == subscriber_id)
        connection.execute(mine.values(chosen_at=now))


def set_address(connection: Connection, subscriber_id: int, email: str) -> None:
    """Changes a subscriber's address to one that is nobody's."""
    values = {"email": email, "domain": email.rpartition("@")[2]}
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(values))


class Received(NamedTuple):
    """One mail that a reader got, or was to get."""

    newsletter: str
    digest: int
    state: DeliveryState
    planned_at: datetime


def received(connection: Connection, subscriber_id: int) -> list[Received]:
    """What the ledger holds of a reader, oldest first."""
    d = deliveries.c
    query = owed(subscriptions.c.subscriber_id == subscriber_id).with_only_columns(
        digests.c.newsletter, d.digest_id, d.state, d.planned_at
    )
    query = query.order_by(d.planned_at, d.id)
    rows = connection.execute(query)
    return [Received(row.newsletter, row.digest_id, DeliveryState(row.state), row.planned_at) for row in rows]
