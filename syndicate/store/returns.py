"""What came back for deliveries: bounces and complaints, and which delivery one is about.

A delivery that was accepted stays so: what comes back later is a row beside it, and the ledger's equation is untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, case, distinct, func, insert, select

from syndicate.model import DeliveryState, Event, Return, ReturnKind, Returns
from syndicate.store import outbox
from syndicate.store.outbox import Happened
from syndicate.store.schema import deliveries, digests, returns, subscribers, subscriptions

_COLUMNS = [returns.c[field.name] for field in fields(Return)]


@dataclass(frozen=True, slots=True)
class Mailed:
    """To whom a mail went: the reader's address is that of now. ``delivery_id`` is None where no delivery is known."""

    subscriber_id: int
    email: str
    delivery_id: int | None = None
    planned_at: datetime | None = None


def add(connection: Connection, one: Return) -> None:
    """Keeps it, and has programs told."""
    digest_id = select(deliveries.c.digest_id).where(deliveries.c.id == one.delivery_id).scalar_subquery()
    query = insert(returns).values(**asdict(one), digest_id=digest_id).returning(returns.c.digest_id)
    facts = {
        "subscriber_id": one.subscriber_id,
        "delivery_id": one.delivery_id,
        "digest_id": connection.execute(query).scalar(),
        "kind": one.kind,
        "reason": one.reason,
        "status": one.status,
    }
    event = Event.DELIVERY_COMPLAINED if one.kind is ReturnKind.COMPLAINT else Event.DELIVERY_BOUNCED
    outbox.note(connection, [Happened(event, f"subscriber {one.subscriber_id}", facts)], now=one.came_at)


def mailed(connection: Connection, delivery_id: int) -> Mailed | None:
    """To whom that delivery went; None when there is none, or its reader was erased."""
    return _one(connection, _deliveries().where(deliveries.c.id == delivery_id))


def mailed_in(connection: Connection, digest_id: int, subscription_id: int) -> Mailed | None:
    """To whom that subscription's delivery of a digest went; None as above."""
    d = deliveries.c
    return _one(connection, _deliveries().where(d.digest_id == digest_id, d.subscription_id == subscription_id))


def mailed_last(connection: Connection, subscription_ids: Sequence[int]) -> Mailed | None:
    """The newest delivery that was accepted of any of these subscriptions; without one, whose they are."""
    d, s = deliveries.c, subscriptions.c
    newest = [
        _deliveries()
        .where(d.digest_id == digests.c.id, d.subscription_id == one, d.state == DeliveryState.ACCEPTED)
        .join(digests, digests.c.newsletter == s.newsletter)
        .order_by(d.digest_id.desc())
        .limit(1)
        .subquery()
        for one in subscription_ids
    ]
    found = [row for one in newest for row in connection.execute(select(one))]
    if found:
        return _mailed(max(found, key=lambda row: row.planned_at))
    people = select(subscribers.c.id.label("subscriber_id"), subscribers.c.email)
    people = people.join(subscriptions, s.subscriber_id == subscribers.c.id)
    row = connection.execute(people.where(s.id.in_(subscription_ids), subscribers.c.erased_at.is_(None))).first()
    return Mailed(row.subscriber_id, row.email) if row else None


def _deliveries() -> Select[Any]:
    d, s = deliveries.c, subscriptions.c
    return (
        select(s.subscriber_id, subscribers.c.email, d.id.label("delivery_id"), d.planned_at)
        .select_from(deliveries)
        .join(subscriptions, s.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == s.subscriber_id)
        .where(subscribers.c.erased_at.is_(None))
    )


def _one(connection: Connection, query: Select[Any]) -> Mailed | None:
    row = connection.execute(query).one_or_none()
    return _mailed(row) if row else None


def _mailed(row: Row[Any]) -> Mailed:
    return Mailed(row.subscriber_id, row.email, row.delivery_id, row.planned_at)


def soft_bounces(connection: Connection, subscriber_id: int, *, since: datetime) -> list[datetime]:
    """When mail to a reader came back softly since then, oldest first."""
    r = returns.c
    query = select(r.came_at).where(r.subscriber_id == subscriber_id, r.kind == ReturnKind.SOFT, r.came_at > since)
    return list(connection.execute(query.order_by(r.came_at)).scalars())


def of_subscriber(connection: Connection, subscriber_id: int) -> list[Return]:
    """All that came back from a reader, oldest first."""
    query = select(*_COLUMNS).where(returns.c.subscriber_id == subscriber_id).order_by(returns.c.came_at, returns.c.id)
    return [
        Return(**(dict(row._mapping) | {"kind": ReturnKind(row.kind)}))  # noqa: SLF001 - public in spite of its name
        for row in connection.execute(query)
    ]


class Came(NamedTuple):
    """One thing that came back for a digest, and from whom."""

    email: str
    kind: ReturnKind
    reason: str
    status: str
    came_at: datetime
    said: str


def of_digest(connection: Connection, digest_id: int, *, limit: int) -> list[Came]:
    """What came back for a digest, oldest first."""
    r = returns.c
    query = (
        select(subscribers.c.email, r.kind, r.reason, r.status, r.came_at, r.said)
        .join(subscribers, subscribers.c.id == r.subscriber_id)
        .where(r.digest_id == digest_id)
        .order_by(r.came_at, r.id)
    )
    rows = connection.execute(query.limit(limit))
    return [Came(row.email, ReturnKind(row.kind), row.reason, row.status, row.came_at, row.said) for row in rows]


def counts(connection: Connection, digest_ids: Sequence[int]) -> dict[int, Returns]:
    """For how many deliveries of each of these digests something came back; digests without any are there too."""
    r = returns.c
    found = {one: Returns() for one in digest_ids}
    bounced = (
        select(r.digest_id, r.delivery_id, func.min(_rank(r.kind)).label("rank"))
        .where(r.digest_id.in_(digest_ids), r.kind != ReturnKind.COMPLAINT)
        .group_by(r.digest_id, r.delivery_id)
        .subquery()
    )
    complained = (
        select(r.digest_id, func.count(distinct(r.delivery_id)))
        .where(r.digest_id.in_(digest_ids), r.kind == ReturnKind.COMPLAINT)
        .group_by(r.digest_id)
    )
    totals: dict[int, dict[str, int]] = {one: {} for one in digest_ids}
    ranked = select(bounced.c.digest_id, bounced.c.rank, func.count()).group_by(bounced.c.digest_id, bounced.c.rank)
    for digest_id, rank, count in connection.execute(ranked):
        totals[digest_id][("hard", "soft", "late")[rank]] = count
    for digest_id, count in connection.execute(complained):
        totals[digest_id]["complaints"] = count
    return found | {one: Returns(**total) for one, total in totals.items()}


def _rank(kind: Any) -> Any:
    return case((kind == ReturnKind.HARD, 0), (kind == ReturnKind.SOFT, 1), else_=2)


def by_kind(connection: Connection, *, since: datetime) -> dict[ReturnKind, int]:
    """How much of each kind came back since then, of all digests."""
    query = select(returns.c.kind, func.count().label("n")).where(returns.c.came_at >= since)
    return {ReturnKind(row.kind): row.n for row in connection.execute(query.group_by(returns.c.kind))}
