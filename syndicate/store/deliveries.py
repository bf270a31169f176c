"""Deliveries as they are planned, dropped and given up. Every change of state names the states it may come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, insert, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import Channel, DeliveryState, Digest, DigestState, states_before
from syndicate.store import private
from syndicate.store.digests import readers_of
from syndicate.store.engine import partitions
from syndicate.store.schema import QUEUED, audiences, deliveries, digests, subscribers, subscriptions, suppressions

_LATER = ("sender_id", "finished_at")


def plan(connection: Connection, digest: Digest, *, now: datetime) -> int:
    """Writes one delivery per reader of the digest's audiences and moves their watermarks; returns how many.

    Readers who have a private feed get it there instead, and nothing of that is counted.
    Whoever changed their mind since the digest was composed matches no audience, and is served by the next one.
    """
    private.take_turn(connection)
    if digest.state is not DigestState.EMPTY:
        partitions.make_for(connection, digest.id)
    a, s = audiences.c, subscriptions.c
    matches = and_(
        a.digest_id == digest.id,
        a.cadence == s.cadence,
        a.watermark == s.watermark,
        a.topics == s.topics,
    )
    mine = readers_of(connection, digest)
    state = case((suppressions.c.email.is_not(None), DeliveryState.SUPPRESSED.value), else_=DeliveryState.QUEUED.value)
    chosen = (
        select(
            partitions.id_of(digest.id, s.id),
            literal(digest.id),
            a.variant_id,
            s.id,
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
        .where(mine, s.channel == Channel.MAIL, a.variant_id.is_not(None))
        .order_by(s.id)  # neighbours in the queue are neighbours on disk; a server that joins by hashes scatters them
    )
    names = [c.name for c in deliveries.c if c.name not in _LATER]
    writing = insert(deliveries).from_select(names, chosen)
    planned = connection.execute(writing, execution_options={"preserve_rowcount": True}).rowcount
    connection.execute(update(digests).where(digests.c.id == digest.id).values(planned=digests.c.planned + planned))
    private.give(connection, digest, and_(matches, mine), now=now)
    if planned >= partitions.LARGE:
        partitions.study(connection, digest.id)
    given = update(subscriptions).where(mine, s.watermark < digest.upto, exists(select(a.digest_id).where(matches)))
    connection.execute(given.values(watermark=digest.upto))
    return int(planned)


def abandon(connection: Connection, ids: Sequence[int], state: DeliveryState, *, now: datetime) -> None:
    """What a dead process began: *uncertain*, and from there back to *queued* where the policy is to resend."""
    _move(connection, deliveries.c.id.in_(ids), DeliveryState.UNCERTAIN, reply="begun, and the process died", now=now)
    if state is DeliveryState.QUEUED:
        _move(connection, deliveries.c.id.in_(ids), state, reply="sent again after the process died", now=now)


def cancel(connection: Connection, digest_id: int, *, now: datetime, reply: str = "digest cancelled") -> int:
    """Ends what a digest had not begun, and can't begin any more; returns how many."""
    queued = and_(deliveries.c.digest_id == digest_id, QUEUED)
    return _move(connection, queued, DeliveryState.CANCELLED, reply=reply, now=now)


def _move(
    connection: Connection, which: ColumnElement[bool], state: DeliveryState, *, reply: str, now: datetime
) -> int:
    values: dict[str, Any] = {"state": state, "reply": reply, "sender_id": None}
    if state is DeliveryState.QUEUED:
        values["next_at"] = now
    elif state is not DeliveryState.UNCERTAIN:
        values["finished_at"] = now
    query = update(deliveries).where(which, deliveries.c.state.in_(states_before(state))).values(values)
    return int(connection.execute(query).rowcount)
