"""Who holds which delivery. A sender is one process's run; what it holds nobody else sends until its lease ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, true, update

from syndicate.model import Delivery, DeliveryState, DigestState, Subscriber, SubscriptionState, states_before
from syndicate.store import copies, journal
from syndicate.store.engine.columns import among
from syndicate.store.engine.prepared import Batch, Prepared
from syndicate.store.providers import is_of
from syndicate.store.schema import (
    QUEUED,
    TROUBLED,
    deliveries,
    digests,
    senders,
    subscribers,
    subscriptions,
    suppressions,
)

_LEFT = SubscriptionState.UNSUBSCRIBED.value


class Sender(NamedTuple):
    """One run of one process, by name; ``lease_until`` is by the real clock."""

    id: int
    name: str
    lease_until: datetime


def enter(connection: Connection, name: str, *, lease_until: datetime) -> int:
    """Makes a sender known; returns its id. :raises HeldError: when nothing is sent from this copy."""
    copies.check(connection)
    values = {"name": name, "lease_until": lease_until}
    return int(connection.execute(insert(senders).returning(senders.c.id), values).scalar_one())


_ALIVE = Prepared(select(senders.c.id).where(senders.c.id == bindparam("sender")), "sender")


def is_alive(batch: Batch, sender_id: int) -> bool:
    """Whether the sender was not taken for dead meanwhile; else it holds nothing any more."""
    return bool(_ALIVE.ask(batch, sender_id))


def stay(connection: Connection, sender: Sender) -> int:
    """The sender's id; a new one when it was taken for dead, so that what it had leased is not taken for its own.

    :raises HeldError: when nothing is sent from this copy.
    """
    if connection.execute(select(senders.c.id).where(senders.c.id == sender.id)).scalar() is not None:
        return sender.id
    return enter(connection, sender.name, lease_until=sender.lease_until)


def renew(connection: Connection, sender_id: int, *, lease_until: datetime) -> None:
    """Keeps what the sender holds for longer."""
    connection.execute(update(senders).where(senders.c.id == sender_id).values(lease_until=lease_until))


def leave(connection: Connection, sender_id: int, ids: Sequence[int]) -> None:
    """Ends a sender; ``ids`` are what it holds and did not begin."""
    journal.close(connection, sender_id)
    give_back(connection, sender_id, ids)
    connection.execute(delete(senders).where(senders.c.id == sender_id))


def all_senders(connection: Connection) -> list[Sender]:
    """Every sender that has not left, also those whose process died."""
    return _found(connection, select(senders.c.id, senders.c.name, senders.c.lease_until))


def inherit(connection: Connection, is_gone: Callable[[Sender], bool]) -> list[int]:
    """The ids of senders that are gone, with what they noted posted; not of those that others decide about right now.

    They stay locked, so that two who ask at once decide about them once.
    """
    wanted = [one.id for one in all_senders(connection) if is_gone(one)]
    query = select(senders.c.id, senders.c.name, senders.c.lease_until).where(senders.c.id.in_(wanted))
    gone = [one.id for one in _found(connection, query.with_for_update(skip_locked=True)) if is_gone(one)]
    journal.post(connection, gone)
    return gone


def _found(connection: Connection, query: Select[int, str, datetime]) -> list[Sender]:
    return [Sender(*row) for row in connection.execute(query)]


def claim(
    connection: Connection,
    sender_id: int,
    digest_id: int,
    *,
    due: datetime,
    limit: int,
    now: datetime,
    provider: str | None = None,
) -> list[Delivery]:
    """Leases up to ``limit`` deliveries of a digest that are due at ``due``, in the order in which they are.

    Those of one ``provider`` (a class of domains), or of all.

    Whoever left or was suppressed after planning is taken out of the queue on the way; who paused still gets it, for
    their watermark has moved.
    """
    d, s = deliveries.c, subscriptions.c
    free = (
        select(
            d.id,
            d.variant_id,
            d.subscription_id,
            subscribers.c.domain,
            d.attempts,
            d.planned_at,
            s.state,
            suppressions.c.reason,
            subscribers.c.id,
            subscribers.c.email,
            subscribers.c.name,
            subscribers.c.attributes,
        )
        .join(subscriptions, s.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == s.subscriber_id)
        .join(suppressions, suppressions.c.email == subscribers.c.email, isouter=True)
        .where(QUEUED, d.digest_id == digest_id, d.next_at <= due, d.sender_id.is_(None))
        .where(true() if provider is None else is_of(subscribers.c.domain, provider))
        .order_by(d.next_at, d.id)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    held: list[Delivery] = []
    banned: list[int] = []
    left: list[int] = []
    rows = connection.execute(free).all()
    for delivery_id, variant, subscription, domain, tries, planned_at, state, ban, person, email, name, said in rows:
        if ban is not None:
            banned.append(delivery_id)
        elif state == _LEFT:
            left.append(delivery_id)
        else:
            reader = Subscriber(id=person, email=email, name=name, attributes=said or {})
            held.append(
                Delivery(
                    id=delivery_id,
                    digest_id=digest_id,
                    variant_id=variant,
                    subscription_id=subscription,
                    sender_id=sender_id,
                    subscriber=reader,
                    domain=domain,
                    planned_at=planned_at,
                    attempts=tries,
                )
            )
    _drop(connection, banned, DeliveryState.SUPPRESSED, "suppressed after planning", now)
    _drop(connection, left, DeliveryState.CANCELLED, "unsubscribed after planning", now)
    if held:
        mine = among(d.id, [one.id for one in held])
        connection.execute(update(deliveries).where(mine).values(sender_id=sender_id))
    return held


def sending(connection: Connection) -> list[int]:
    """The digests that may be sent from, oldest first."""
    query = select(digests.c.id).where(digests.c.state == DigestState.SENDING).order_by(digests.c.id)
    return list(connection.execute(query).scalars())


def give_back(connection: Connection, sender_id: int, ids: Sequence[int]) -> None:
    """Ends the lease on deliveries that were not begun."""
    if ids:
        mine = update(deliveries).where(QUEUED, among(deliveries.c.id, ids), deliveries.c.sender_id == sender_id)
        connection.execute(mine.values(sender_id=None))


def put_off(connection: Connection, sender_id: int, until: Sequence[tuple[int, datetime]]) -> None:
    """Ends the lease on deliveries that were not begun, and makes them due later: (id, instant) each."""
    if until:
        mine = update(deliveries).where(QUEUED, deliveries.c.id == bindparam("held"))
        mine = mine.where(deliveries.c.sender_id == sender_id).values(sender_id=None, next_at=bindparam("later"))
        connection.execute(mine, [{"held": one, "later": later} for one, later in until])


class Orphan(NamedTuple):
    """A begun delivery whose sender is gone, and the newsletter whose policy decides about it."""

    id: int
    newsletter: str


def orphans(connection: Connection, gone: Sequence[int]) -> list[Orphan]:
    """What was begun by senders that are gone (by their ids, or not known at all) and was not recorded.

    It stays locked, so that two who ask at once decide about it once.
    """
    d = deliveries.c
    living = select(senders.c.id).where(senders.c.id.not_in(gone))
    query = (
        select(d.id, digests.c.newsletter)
        .join(digests, digests.c.id == d.digest_id)
        .where(TROUBLED, d.state == DeliveryState.BEGUN, d.sender_id.not_in(living))
        .order_by(d.id)
        .with_for_update(of=deliveries)
    )
    return [Orphan(row.id, row.newsletter) for row in connection.execute(query)]


def bury(connection: Connection, gone: Sequence[int]) -> None:
    """Ends the leases of senders that are gone, and forgets them."""
    held = update(deliveries).where(QUEUED, deliveries.c.sender_id.in_(gone))
    connection.execute(held.values(sender_id=None))
    connection.execute(delete(senders).where(senders.c.id.in_(gone)))


def _drop(connection: Connection, ids: Sequence[int], state: DeliveryState, reply: str, now: datetime) -> None:
    if ids:
        which = update(deliveries).where(among(deliveries.c.id, ids), deliveries.c.state.in_(states_before(state)))
        connection.execute(which.values(state=state, reply=reply, finished_at=now))
