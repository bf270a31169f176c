"""Where deliveries stand: the ledger's equation, who did not get theirs, what is due, what is done. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, or_, select

from syndicate.model import OUTSTANDING, DeliveryState, DigestState, Equation
from syndicate.store.schema import deliveries, digests, subscribers, subscriptions


def equation(connection: Connection, digest_id: int | None = None) -> Equation:
    """The ledger's counts, of one digest or of all."""
    query = select(deliveries.c.state, func.count().label("n")).group_by(deliveries.c.state)
    if digest_id is not None:
        query = query.where(deliveries.c.digest_id == digest_id)
    n = {row.state: int(row.n) for row in connection.execute(query)}
    ended = ("accepted", "rejected", "suppressed", "expired", "cancelled", "uncertain")
    total = select(func.count()).select_from(deliveries)
    if digest_id is not None:
        total = total.where(deliveries.c.digest_id == digest_id)
    return Equation(
        planned=int(connection.execute(total).scalar_one()),
        outstanding=sum(n.get(state, 0) for state in OUTSTANDING),
        **{state: n.get(state, 0) for state in ended},
    )


class Trouble(NamedTuple):
    """A delivery that did not go through, or not yet, with the server's last words."""

    email: str
    state: DeliveryState
    attempts: int
    reply: str


def troubled(connection: Connection, digest_id: int, *, limit: int) -> list[Trouble]:
    """Deliveries of a digest that were tried or dropped and not accepted."""
    d = deliveries.c
    query = (
        select(subscribers.c.email, d.state, d.attempts, d.reply)
        .join(subscriptions, subscriptions.c.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(d.digest_id == digest_id, d.state != DeliveryState.ACCEPTED)
        .where(or_(d.state.not_in(OUTSTANDING), d.attempts > 0))
        .order_by(d.id)
        .limit(limit)
    )
    return [Trouble(r.email, DeliveryState(r.state), r.attempts, r.reply) for r in connection.execute(query)]


def next_due(connection: Connection) -> datetime | None:
    """When the next queued delivery of a digest under way is due, None when there is none."""
    query = (
        select(func.min(deliveries.c.next_at, type_=deliveries.c.next_at.type))
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(deliveries.c.state == DeliveryState.QUEUED, digests.c.state == DigestState.SENDING)
    )
    return connection.execute(query).scalar()


def finished(connection: Connection) -> list[int]:
    """Digests under way that have nothing outstanding and nothing uncertain any more."""
    d = deliveries.c
    open_ = select(d.id).where(d.digest_id == digests.c.id, d.state.in_((*OUTSTANDING, DeliveryState.UNCERTAIN)))
    query = select(digests.c.id).where(digests.c.state == DigestState.SENDING, ~exists(open_)).order_by(digests.c.id)
    return list(connection.execute(query).scalars())
