"""What was begun and what became of it: the two writes that every message costs. The ledger's hot path."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from syndicate.model import OUTSTANDING, DeliveryState, DigestState
from syndicate.store.schema import attempts, deliveries, digests


class Begin(NamedTuple):
    """A delivery that is about to be handed over."""

    delivery_id: int
    digest_id: int


class Attempt(NamedTuple):
    """One try that ended. ``code`` is the server's three digits, None when it gave none (RFC 5321 §4.2).

    ``number`` counts the delivery's tries from 1.
    """

    delivery_id: int
    number: int
    began_at: datetime
    ended_at: datetime
    state: DeliveryState
    next_at: datetime
    code: int | None
    relay: str
    reply: str


_d = deliveries.c
_MINE = (_d.id == bindparam("delivery"), _d.sender_id == bindparam("sender"))
_SENDING = select(digests.c.id).where(digests.c.state == DigestState.SENDING)
_BEGIN = update(deliveries).where(*_MINE, _d.state == "queued").values(state=DeliveryState.BEGUN)
_BEGUN = select(_d.id).where(_d.sender_id == bindparam("sender"), _d.state == DeliveryState.BEGUN)
_RECORD = (
    update(deliveries)
    .where(*_MINE, or_(*(_d.state == state for state in OUTSTANDING)))
    .values(
        state=bindparam("new_state"),
        attempts=bindparam("new_attempts"),
        next_at=bindparam("new_next_at"),
        finished_at=bindparam("new_finished_at"),
        reply=bindparam("new_reply"),
        sender_id=None,
    )
)
_ATTEMPT = insert(attempts)


def begin(connection: Connection, sender_id: int, wanted: Sequence[Begin]) -> set[int]:
    """Marks as *begun* what the sender still holds of digests that are being sent; returns which.

    From here on a crash makes them uncertain.
    """
    if not wanted:
        return set()
    sending = set(connection.execute(_SENDING).scalars())
    ids = [one.delivery_id for one in wanted if one.digest_id in sending]
    if not ids:
        return set()
    changed = connection.execute(_BEGIN, [{"delivery": one, "sender": sender_id} for one in ids]).rowcount
    if changed == len(ids):
        return set(ids)
    begun = connection.execute(_BEGUN.where(_d.id.in_(ids)), {"sender": sender_id})
    return set(begun.scalars())


def record(connection: Connection, sender_id: int, tries: Sequence[Attempt]) -> None:
    """Writes attempts with what became of their deliveries, which the sender holds."""
    if not tries:
        return
    connection.execute(
        _ATTEMPT,
        [
            {
                "delivery_id": one.delivery_id,
                "number": one.number,
                "began_at": one.began_at,
                "ended_at": one.ended_at,
                "outcome": one.state,
                "code": one.code,
                "relay": one.relay,
                "reply": one.reply,
            }
            for one in tries
        ],
    )
    connection.execute(
        _RECORD,
        [
            {
                "delivery": one.delivery_id,
                "sender": sender_id,
                "new_state": one.state,
                "new_attempts": one.number,
                "new_next_at": one.next_at,
                "new_finished_at": None if one.state in OUTSTANDING else one.ended_at,
                "new_reply": one.reply,
            }
            for one in tries
        ],
    )
