"""What became of a digest for each reader, in the order of their subscriptions: a page at a time, however many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, or_, select

from syndicate.model import OUTSTANDING, DeliveryState, ReturnKind
from syndicate.store.schema import attempts, deliveries, returns, subscribers, subscriptions


class Standing(StrEnum):
    """By what results can be chosen: how a delivery stands, or what came back for it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"
    OUTSTANDING = "outstanding"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which results; what says nothing leaves nothing out.

    ``words`` stand anywhere in an address or in what a server said.
    """

    standing: Standing | None = None
    domain: str = ""
    words: str = ""
    subscription_id: int | None = None


class Try(NamedTuple):
    """One attempt, and what the relay said at its end."""

    number: int
    began_at: datetime
    ended_at: datetime
    outcome: DeliveryState
    code: int | None
    relay: str
    reply: str


class Came(NamedTuple):
    """What came back."""

    kind: ReturnKind
    reason: str
    status: str
    said: str
    came_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One reader's delivery. ``due_at`` is when a queued one may be tried, ``is_open`` whether a person must decide."""

    id: int
    subscription_id: int
    subscriber_id: int
    email: str
    domain: str
    is_erased: bool
    state: DeliveryState
    due_at: datetime | None
    is_open: bool
    reply: str
    tries: tuple[Try, ...]
    came: tuple[Came, ...]


def of_digest(connection: Connection, digest_id: int, wanted: Wanted, *, after: int = 0, limit: int) -> list[Result]:
    """The next results; ``after`` is the subscription of the last one before."""
    d = deliveries.c
    query = (
        select(
            d.id,
            d.subscription_id,
            d.state,
            d.next_at,
            d.finished_at,
            d.reply,
            subscriptions.c.subscriber_id,
            subscribers.c.email,
            subscribers.c.domain,
            subscribers.c.erased_at,
        )
        .select_from(deliveries)
        .join(subscriptions, subscriptions.c.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(d.digest_id == digest_id, d.subscription_id > after)
        .order_by(d.subscription_id)
        .limit(limit)
    )
    rows = connection.execute(_chosen(query, digest_id, wanted)).all()
    ids = [row.id for row in rows]
    tries, came = _tries(connection, ids), _came(connection, ids)
    return [
        Result(
            id=row.id,
            subscription_id=row.subscription_id,
            subscriber_id=row.subscriber_id,
            email=row.email,
            domain=row.domain,
            is_erased=row.erased_at is not None,
            state=DeliveryState(row.state),
            due_at=row.next_at if row.state == DeliveryState.QUEUED else None,
            is_open=row.state == DeliveryState.UNCERTAIN and row.finished_at is None,
            reply=row.reply,
            tries=tuple(tries.get(row.id, ())),
            came=tuple(came.get(row.id, ())),
        )
        for row in rows
    ]


def whose(connection: Connection, delivery_id: int) -> tuple[int, int] | None:
    """The digest and the subscription of a delivery."""
    d = deliveries.c
    row = connection.execute(select(d.digest_id, d.subscription_id).where(d.id == delivery_id)).one_or_none()
    return (row.digest_id, row.subscription_id) if row else None


def _chosen(query: Select[Any], digest_id: int, wanted: Wanted) -> Select[Any]:
    d = deliveries.c
    if wanted.subscription_id is not None:
        query = query.where(d.subscription_id == wanted.subscription_id)
    if wanted.domain:
        query = query.where(subscribers.c.domain == wanted.domain)
    if wanted.words:
        said = exists().where(attempts.c.delivery_id == d.id, _says(attempts.c.reply, wanted.words))
        query = query.where(or_(_says(subscribers.c.email, wanted.words), _says(d.reply, wanted.words), said))
    if wanted.standing in (Standing.BOUNCED, Standing.COMPLAINED):
        complaint = returns.c.kind == ReturnKind.COMPLAINT
        kind = complaint if wanted.standing is Standing.COMPLAINED else ~complaint
        return query.where(d.id.in_(select(returns.c.delivery_id).where(returns.c.digest_id == digest_id, kind)))
    if wanted.standing is Standing.OUTSTANDING:
        return query.where(d.state.in_(OUTSTANDING))
    return query.where(d.state == wanted.standing.value) if wanted.standing else query


def _says(column: Any, words: str) -> Any:
    return column.icontains(words, autoescape=True)


def _tries(connection: Connection, delivery_ids: Sequence[int]) -> dict[int, list[Try]]:
    a = attempts.c
    query = select(a.delivery_id, a.number, a.began_at, a.ended_at, a.outcome, a.code, a.relay, a.reply)
    found: dict[int, list[Try]] = {}
    for row in connection.execute(query.where(a.delivery_id.in_(delivery_ids)).order_by(a.delivery_id, a.number)):
        one = Try(row.number, row.began_at, row.ended_at, DeliveryState(row.outcome), row.code, row.relay, row.reply)
        found.setdefault(row.delivery_id, []).append(one)
    return found


def _came(connection: Connection, delivery_ids: Sequence[int]) -> dict[int, list[Came]]:
    r = returns.c
    query = select(r.delivery_id, r.kind, r.reason, r.status, r.said, r.came_at)
    found: dict[int, list[Came]] = {}
    for row in connection.execute(query.where(r.delivery_id.in_(delivery_ids)).order_by(r.came_at, r.id)):
        one = Came(ReturnKind(row.kind), row.reason, row.status, row.said, row.came_at)
        found.setdefault(row.delivery_id, []).append(one)
    return found
