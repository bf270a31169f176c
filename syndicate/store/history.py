"""What happened with one subscriber, the newest first and a page at a time. The console shows it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, desc, func, select

from syndicate.model import DeliveryState, Return, ReturnKind
from syndicate.store.schema import attempts, deliveries, digests, notices, pieces, returns, subscriptions
from syndicate.store.subscriptions import owed


class Sent(NamedTuple):
    """One mail that a digest owed them; ``reply`` are the server's last words."""

    digest: int
    newsletter: str
    subject: str
    state: DeliveryState
    attempts: int
    planned_at: datetime
    finished_at: datetime | None
    reply: str


class Told(NamedTuple):
    """One mail about their own doing."""

    kind: str
    newsletter: str
    state: DeliveryState
    planned_at: datetime
    reply: str


class Piece(NamedTuple):
    """One digest that came in a feed of theirs."""

    digest: int
    newsletter: str
    subject: str
    given_at: datetime


def sent(connection: Connection, subscriber_id: int, *, limit: int, before_digest: int | None = None) -> list[Sent]:
    """What digests owed them; ``before_digest`` is the last of the page before."""
    d, a = deliveries.c, attempts.c
    ids = owed(subscriptions.c.subscriber_id == subscriber_id).order_by(desc(d.digest_id)).limit(limit)
    if before_digest is not None:
        ids = ids.where(d.digest_id < before_digest)
    query = (
        select(
            d.digest_id,
            digests.c.newsletter,
            digests.c.subject,
            d.state,
            d.attempts,
            d.planned_at,
            d.finished_at,
            func.coalesce(a.reply, d.reply),
        )
        .join(digests, digests.c.id == d.digest_id)
        .outerjoin(attempts, and_(a.delivery_id == d.id, a.number == d.attempts))
        .where(d.id.in_(ids.subquery().select()))
        .order_by(desc(d.digest_id))
    )
    return [Sent(*row[:3], DeliveryState(row[3]), *row[4:]) for row in connection.execute(query)]


def told(connection: Connection, email: str, *, limit: int) -> list[Told]:
    """The notices to their address."""
    c = notices.c
    query = select(c.kind, c.newsletter, c.state, c.planned_at, c.reply).where(c.email == email)
    rows = connection.execute(query.order_by(c.id.desc()).limit(limit))
    return [Told(row[0], row[1], DeliveryState(row[2]), row[3], row[4]) for row in rows]


def came_back(connection: Connection, subscriber_id: int, *, limit: int) -> list[Return]:
    """Bounces and complaints."""
    r = returns.c
    columns = (r.kind, r.subscriber_id, r.delivery_id, r.reason, r.status, r.said, r.source, r.came_at)
    query = select(*columns).where(r.subscriber_id == subscriber_id).order_by(r.came_at.desc(), r.id.desc())
    return [
        Return(**(dict(row._mapping) | {"kind": ReturnKind(row.kind)}))  # noqa: SLF001 - public in spite of its name
        for row in connection.execute(query.limit(limit))
    ]


def fed(connection: Connection, subscriber_id: int, *, limit: int) -> list[Piece]:
    """What came in their private feeds."""
    query = (
        select(pieces.c.digest_id, digests.c.newsletter, digests.c.subject, pieces.c.given_at)
        .join(subscriptions, subscriptions.c.id == pieces.c.subscription_id)
        .join(digests, digests.c.id == pieces.c.digest_id)
        .where(subscriptions.c.subscriber_id == subscriber_id)
        .order_by(pieces.c.given_at.desc(), pieces.c.digest_id.desc())
    )
    return [Piece(*row) for row in connection.execute(query.limit(limit))]
