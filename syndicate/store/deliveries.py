"""Deliveries and attempts: the ledger's rows. Every change of state names the states it may come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, exists, insert, literal, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import (
    OUTSTANDING,
    Delivery,
    DeliveryState,
    Digest,
    DigestState,
    Subscriber,
    SubscriptionState,
    states_before,
)
from syndicate.store.schema import attempts, audiences, deliveries, digests, subscribers, subscriptions, suppressions

_LATER = ("id", "owner", "lease_until", "finished_at")


class Attempt(NamedTuple):
    """One try that ended. ``code`` is the server's three digits, None when it gave none (RFC 5321 §4.2)."""

    delivery_id: int
    began_at: datetime
    ended_at: datetime
    state: DeliveryState
    next_at: datetime
    code: int | None
    reply: str


def plan(connection: Connection, digest: Digest, *, now: datetime) -> int:
    """Writes one delivery per reader of the digest's audiences and moves their watermarks; returns how many.

    Whoever changed their mind since the digest was composed matches no audience, and is served by the next one.
    """
    a, s = audiences.c, subscriptions.c
    matches = and_(
        a.digest_id == digest.id,
        a.cadence == s.cadence,
        a.watermark == s.watermark,
        a.topics == s.topics,
    )
    mine = and_(s.newsletter == digest.newsletter, s.state == SubscriptionState.ACTIVE)
    state = case((suppressions.c.email.is_not(None), DeliveryState.SUPPRESSED.value), else_=DeliveryState.QUEUED.value)
    chosen = (
        select(
            literal(digest.id),
            a.variant_id,
            s.id,
            subscribers.c.domain,
            state,
            literal(0),
            literal(now, deliveries.c.planned_at.type),
            literal(now, deliveries.c.next_at.type),
            literal(""),
        )
        .select_from(subscriptions)
        .join(audiences, matches)
        .join(subscribers, subscribers.c.id == s.subscriber_id)
        .join(suppressions, suppressions.c.email == subscribers.c.email, isouter=True)
        .where(mine, a.variant_id.is_not(None))
    )
    names = [c.name for c in deliveries.c if c.name not in _LATER]
    writing = insert(deliveries).from_select(names, chosen)
    planned = connection.execute(writing, execution_options={"preserve_rowcount": True}).rowcount
    given = update(subscriptions).where(mine, s.watermark < digest.upto, exists(select(a.digest_id).where(matches)))
    connection.execute(given.values(watermark=digest.upto))
    return int(planned)


def drop_departed(connection: Connection, *, now: datetime) -> int:
    """Takes out of the queue whoever left or was suppressed after planning; returns how many."""
    d, s = deliveries.c, subscriptions.c
    left = select(s.id).where(s.id == d.subscription_id, s.state != SubscriptionState.ACTIVE)
    banned = (
        select(s.id)
        .join(subscribers, subscribers.c.id == s.subscriber_id)
        .join(suppressions, suppressions.c.email == subscribers.c.email)
        .where(s.id == d.subscription_id)
    )
    waiting = d.state == DeliveryState.QUEUED
    changed = 0
    for found, state, reply in (
        (banned, DeliveryState.SUPPRESSED, "suppressed after planning"),
        (left, DeliveryState.CANCELLED, "unsubscribed after planning"),
    ):
        query = update(deliveries).where(waiting, exists(found)).values(state=state, reply=reply, finished_at=now)
        changed += connection.execute(query).rowcount
    return changed


def claim(
    connection: Connection,
    owner: str,
    *,
    due: datetime,
    now: datetime,
    lease_until: datetime,
    limit: int,
    digest_id: int | None = None,
) -> list[Delivery]:
    """Leases what is due at ``due`` to ``owner``: nobody else gets it until the lease ends or it is given back.

    Leases are between processes, so ``now`` and ``lease_until`` are of the real clock.
    """
    d, s = deliveries.c, subscriptions.c
    free = (
        select(d.id)
        .join(digests, digests.c.id == d.digest_id)
        .where(
            d.state == DeliveryState.QUEUED,
            d.next_at <= due,
            or_(d.owner.is_(None), d.lease_until <= now),
            digests.c.state == DigestState.SENDING,
        )
        .order_by(d.next_at, d.id)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    if digest_id is not None:
        free = free.where(d.digest_id == digest_id)
    ids = connection.execute(free).scalars().all()
    if not ids:
        return []
    connection.execute(
        update(deliveries).where(d.id == bindparam("delivery")).values(owner=owner, lease_until=lease_until),
        [{"delivery": one} for one in ids],
    )
    person = (subscribers.c.id.label("person_id"), subscribers.c.email, subscribers.c.name)
    rows = connection.execute(
        select(d.id, d.digest_id, d.variant_id, d.subscription_id, d.attempts, *person)
        .join(subscriptions, s.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == s.subscriber_id)
        .where(d.id.in_(ids))
        .order_by(d.id)
    )
    return [
        Delivery(
            id=row.id,
            digest_id=row.digest_id,
            variant_id=row.variant_id,
            subscription_id=row.subscription_id,
            subscriber=Subscriber(id=row.person_id, email=row.email, name=row.name),
            attempts=row.attempts,
        )
        for row in rows
    ]


def renew(connection: Connection, owner: str, *, lease_until: datetime) -> None:
    """Keeps what ``owner`` holds leased."""
    mine = and_(deliveries.c.owner == owner, deliveries.c.state.in_(OUTSTANDING))
    connection.execute(update(deliveries).where(mine).values(lease_until=lease_until))


def give_back(connection: Connection, owner: str) -> None:
    """Ends the leases on what ``owner`` did not begin."""
    mine = and_(deliveries.c.owner == owner, deliveries.c.state == DeliveryState.QUEUED)
    connection.execute(update(deliveries).where(mine).values(owner=None, lease_until=None))


def begin(connection: Connection, owner: str, ids: Sequence[int]) -> set[int]:
    """Marks as *begun* those that ``owner`` still holds; returns which. From here on a crash makes them uncertain."""
    begun: set[int] = set()
    d = deliveries.c
    for start in range(0, len(ids), 500):
        query = update(deliveries).where(
            d.id.in_(ids[start : start + 500]),
            d.owner == owner,
            d.state.in_(states_before(DeliveryState.BEGUN)),
            exists(select(digests.c.id).where(digests.c.id == d.digest_id, digests.c.state == DigestState.SENDING)),
        )
        begun.update(connection.execute(query.values(state=DeliveryState.BEGUN).returning(d.id)).scalars())
    return begun


def record(connection: Connection, owner: str, tries: Sequence[Attempt]) -> None:
    """Writes attempts with what became of their deliveries, which ``owner`` holds."""
    if not tries:
        return
    connection.execute(
        insert(attempts),
        [
            {
                "delivery_id": one.delivery_id,
                "began_at": one.began_at,
                "ended_at": one.ended_at,
                "outcome": one.state,
                "code": one.code,
                "reply": one.reply,
            }
            for one in tries
        ],
    )
    d = deliveries.c
    query = (
        update(deliveries)
        .where(d.id == bindparam("delivery"), d.owner == owner, or_(*(d.state == one for one in OUTSTANDING)))
        .values(
            state=bindparam("new_state"),
            attempts=d.attempts + 1,
            next_at=bindparam("new_next_at"),
            finished_at=bindparam("new_finished_at"),
            reply=bindparam("new_reply"),
            owner=None,
            lease_until=None,
        )
    )
    connection.execute(
        query,
        [
            {
                "delivery": one.delivery_id,
                "new_state": one.state,
                "new_next_at": one.next_at,
                "new_finished_at": None if one.state in OUTSTANDING else one.ended_at,
                "new_reply": one.reply,
            }
            for one in tries
        ],
    )


class Orphan(NamedTuple):
    """A begun delivery with the process that began it, and the newsletter whose policy decides about it."""

    id: int
    newsletter: str
    owner: str
    lease_until: datetime


def begun(connection: Connection) -> list[Orphan]:
    """Every delivery that was begun and not recorded, whoever holds it."""
    d = deliveries.c
    query = (
        select(d.id, digests.c.newsletter, d.owner, d.lease_until)
        .join(digests, digests.c.id == d.digest_id)
        .where(d.state == DeliveryState.BEGUN)
        .order_by(d.id)
    )
    return [Orphan(row.id, row.newsletter, row.owner, row.lease_until) for row in connection.execute(query)]


def abandon(connection: Connection, ids: Sequence[int], state: DeliveryState, *, now: datetime) -> None:
    """What a dead process began: *uncertain*, and from there back to *queued* where the policy is to resend."""
    _move(connection, deliveries.c.id.in_(ids), DeliveryState.UNCERTAIN, reply="begun, and the process died", now=now)
    if state is DeliveryState.QUEUED:
        _move(connection, deliveries.c.id.in_(ids), state, reply="sent again after the process died", now=now)


def owners(connection: Connection) -> set[str]:
    """Who holds deliveries now."""
    d = deliveries.c
    query = select(d.owner).where(d.state.in_(OUTSTANDING), d.owner.is_not(None)).distinct()
    return {str(owner) for owner in connection.execute(query).scalars()}


def cancel(connection: Connection, digest_id: int, *, now: datetime) -> int:
    """Ends what a cancelled digest had not begun; returns how many."""
    return _move(
        connection, deliveries.c.digest_id == digest_id, DeliveryState.CANCELLED, reply="digest cancelled", now=now
    )


def _move(
    connection: Connection, which: ColumnElement[bool], state: DeliveryState, *, reply: str, now: datetime
) -> int:
    values: dict[str, Any] = {"state": state, "reply": reply, "owner": None, "lease_until": None}
    if state is DeliveryState.QUEUED:
        values["next_at"] = now
    elif state is not DeliveryState.UNCERTAIN:
        values["finished_at"] = now
    query = update(deliveries).where(which, deliveries.c.state.in_(states_before(state))).values(values)
    return int(connection.execute(query).rowcount)
